import { exportPath, type Question } from "../api/auditQueries";

const FORMATS = [
  { format: "jsonl", name: "JSON lines", file: "record.jsonl" },
  { format: "csv", name: "CSV", file: "record.csv" },
];

/** What was found, oldest first, as a file. The whole record as JSON lines can be verified elsewhere. */
export function ExportLinks({ question }: { question: Question }) {
  const isWhole = question.q === "" && question.view === "";
  return (
    <p className="export">
      Download {isWhole ? "the whole record" : "all that matches"}:{" "}
      {FORMATS.map(({ format, name, file }, index) => (
        <span key={format}>
          {index > 0 && " · "}
          <a href={exportPath(question, format)} download={file}>
            {name}
          </a>
        </span>
      ))}
      . Each download is recorded.
    </p>
  );
}
