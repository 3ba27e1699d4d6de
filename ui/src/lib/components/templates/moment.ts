/** Between milliseconds as text, as they travel, and what a field for date and time takes. */

/** `2026-11-19T18:00` in the zone of this computer. */
export function localMoment(millis: string): string {
  const at = new Date(Number(millis));
  if (millis.trim() === "" || Number.isNaN(at.getTime())) return "";
  const two = (part: number): string => String(part).padStart(2, "0");
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${day}T${two(at.getHours())}:${two(at.getMinutes())}`;
}

export function momentOf(local: string): string {
  const at = new Date(local).getTime();
  return Number.isNaN(at) ? "" : String(at);
}
