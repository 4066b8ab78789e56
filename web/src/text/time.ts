const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Local wall-clock time; with the date in front unless it is today's. */
export function formatMoment(iso: string, now: number): string {
  const moment = new Date(iso);
  const clock = `${pad(moment.getHours())}:${pad(moment.getMinutes())}`;
  const isToday = moment.toDateString() === new Date(now).toDateString();
  return isToday ? clock : `${formatDate(moment)} ${clock}`;
}

/** A length of time in one or two units, such as `45 s`, `9 min`, `3 h 5 min`, `2 d 4 h`. */
export function formatDuration(milliseconds: number): string {
  const length = Math.max(0, milliseconds);
  if (length < MINUTE) {
    return `${Math.floor(length / 1000)} s`;
  }
  if (length < HOUR) {
    return `${Math.floor(length / MINUTE)} min`;
  }
  return length < DAY ? twoUnits(length, HOUR, "h", MINUTE, "min") : twoUnits(length, DAY, "d", HOUR, "h");
}

/** Time left as a clock that ticks: `9:05` below an hour, otherwise as a length of time. */
export function formatTimeLeft(milliseconds: number): string {
  const length = Math.max(0, milliseconds);
  if (length >= HOUR) {
    return formatDuration(length);
  }
  const seconds = Math.floor(length / 1000);
  return `${Math.floor(seconds / 60)}:${pad(seconds % 60)}`;
}

/** How long a call took: in milliseconds below a second, and to a tenth of a second while that matters. */
export function formatTook(from: string | null, to: string | null): string {
  if (!from || !to) {
    return "";
  }
  const length = Date.parse(to) - Date.parse(from);
  if (length < 1000) {
    return `${length} ms`;
  }
  return length < 10_000 ? `${(length / 1000).toFixed(1)} s` : formatDuration(length);
}

function formatDate(moment: Date): string {
  return `${moment.getFullYear()}-${pad(moment.getMonth() + 1)}-${pad(moment.getDate())}`;
}

function pad(value: number): string {
  return String(value).padStart(2, "0");
}

function twoUnits(length: number, large: number, largeName: string, small: number, smallName: string): string {
  const whole = Math.floor(length / large);
  const rest = Math.floor((length % large) / small);
  return rest === 0 ? `${whole} ${largeName}` : `${whole} ${largeName} ${rest} ${smallName}`;
}
