"""VirusTotal: what many scanners say of URLs and files."""
