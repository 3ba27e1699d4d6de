/** A voice note that nobody recorded: bursts of a hum, as WAV, so that a player has something. */
import { SECOND } from "./cast";

const RATE = 8000;
const LENGTHS: Record<string, number> = { "media-voice": 24, "media-voice-2": 7 };

/** How long the note of that id is, in milliseconds. */
function lengthOf(media: string): number {
  return (LENGTHS[media] ?? 12) * SECOND;
}

/** The bytes in base64, the same for the same id. */
export function voiceNote(media: string): string {
  const count = (lengthOf(media) / SECOND) * RATE;
  const bytes = new Uint8Array(44 + count);
  const view = new DataView(bytes.buffer);
  const write = (at: number, text: string): void => {
    for (let i = 0; i < text.length; i += 1) view.setUint8(at + i, text.charCodeAt(i));
  };
  write(0, "RIFF");
  view.setUint32(4, 36 + count, true);
  write(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, RATE, true);
  view.setUint32(28, RATE, true);
  view.setUint16(32, 1, true);
  view.setUint16(34, 8, true);
  write(36, "data");
  view.setUint32(40, count, true);
  for (let i = 0; i < count; i += 1) {
    const seconds = i / RATE;
    // Words of a bit more than half a second, some louder, with a pause now and then.
    const word = Math.floor(seconds * 1.75);
    const loud = [0.9, 0.3, 0.6, 0.02, 0.45, 1, 0.12, 0.7, 0.04, 0.5, 0.2][(word * 7) % 11] ?? 0.5;
    const shape = Math.sin(((seconds * 1.75) % 1) * Math.PI);
    const hum = Math.sin(seconds * 2 * Math.PI * (140 + 30 * (word % 4)));
    bytes[44 + i] = 128 + Math.round(100 * loud * shape * hum);
  }
  let text = "";
  for (let from = 0; from < bytes.length; from += 8192) {
    text += String.fromCharCode(...bytes.subarray(from, from + 8192));
  }
  return btoa(text);
}
