"""An expression for each function of the language; the reference shows what it gives."""

from collections.abc import Mapping
from datetime import UTC, datetime

from soar.model.values import Value

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
"""What `now()` answers in the examples."""

NAMES: Mapping[str, Value] = {"alert": {"title": "Reported e-mail"}}
"""What the examples may read."""

EXAMPLES: Mapping[str, str] = {
    "has": "has(alert.title)",
    "default": 'default(alert.owner, "nobody")',
    "case": 'case(1 > 2, "a", 2 > 1, "b", "c")',
    "not": "not(1 > 2)",
    "all": "[1, 2, 3].all(x, x > 0)",
    "exists": '["ssh", "rdp"].exists(x, x == "rdp")',
    "exists_one": "[1, 2, 3].exists_one(x, x > 2)",
    "filter": "[1, 2, 3].filter(x, x >= 2)",
    "map": "[1, 2, 3].map(x, x * 10)",
    "contains": '"powershell.exe -enc".contains("-enc")',
    "startsWith": '"https://evil.example".startsWith("https://")',
    "endsWith": '"invoice.pdf.exe".endsWith(".exe")',
    "matches": '"user-42".matches("^user-[0-9]+$")',
    "lowerAscii": '"EVIL.example".lowerAscii()',
    "upperAscii": '"ab12".upperAscii()',
    "trim": '"  a  ".trim()',
    "split": '"a,b,c".split(",")',
    "join": '["a", "b"].join(", ")',
    "replace": '"a-b-c".replace("-", "_")',
    "substring": '"phishing".substring(0, 5)',
    "charAt": '"abc".charAt(1)',
    "indexOf": '"a@b@c".indexOf("@")',
    "lastIndexOf": '"a@b@c".lastIndexOf("@")',
    "sha256": 'sha256("abc")',
    "size": 'size(["a", "b"])',
    "distinct": "distinct([1, 2, 1])",
    "flatten": "flatten([[1], [2, 3]])",
    "sort": "sort([3, 1, 2])",
    "sum": "sum([1, 2, 3])",
    "reverse": "[1, 2, 3].reverse()",
    "math.least": "math.least(3, 1, 2)",
    "math.greatest": "math.greatest([3, 1, 2])",
    "now": 'now() - duration("72h")',
    "timestamp": 'timestamp("2026-11-21T09:00:00+01:00")',
    "duration": 'duration("1h30m")',
    "getFullYear": "now().getFullYear()",
    "getMonth": "now().getMonth()",
    "getDate": "now().getDate()",
    "getDayOfMonth": "now().getDayOfMonth()",
    "getDayOfWeek": "now().getDayOfWeek()",
    "getHours": "now().getHours()",
    "getMinutes": "now().getMinutes()",
    "getSeconds": "now().getSeconds()",
    "string": "string(42)",
    "int": 'int("42")',
    "double": 'double("0.5")',
    "bool": 'bool("true")',
    "bytes": 'size(bytes("é"))',
    "json": 'json({"a": [1, true]})',
    "from_json": "from_json('{\"a\": 1}').a",
    "ip": 'ip("::ffff:192.0.2.7")',
    "is_private": 'is_private("10.1.2.3")',
    "in_cidr": 'in_cidr("192.0.2.7", "192.0.2.0/24")',
    "in_any_cidr": 'in_any_cidr("192.0.2.7", ["10.0.0.0/8", "192.0.2.0/24"])',
    "domain": 'domain("Billing <ann@Corp.example>")',
    "extract_urls": 'extract_urls("Pay (https://evil.example/pay), now!")',
    "extract_ips": 'extract_ips("from 192.0.2.7 to 2001:DB8::1")',
    "defang": 'defang("https://evil.example/pay")',
    "refang": 'refang("hxxps://evil[.]example/pay")',
}
"""By the function's name, in the order of the reference."""
