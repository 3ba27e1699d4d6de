/**
 * Files that come by hand: dragged over a part of the page and dropped on it, or pasted. Knows
 * nothing of where they go.
 */

export interface DropTarget {
  /** Files are over the place, or no more. */
  onover: (over: boolean) => void;
  ondrop: (files: File[]) => void;
}

/** Makes a place take files that are dropped on it, until the returned function is called. */
export function takeDrops(place: HTMLElement, { onover, ondrop }: DropTarget): () => void {
  // Entering a part of the place comes before leaving the one before it.
  let depth = 0;
  const has = (event: DragEvent): boolean => event.dataTransfer?.types.includes("Files") ?? false;
  const enter = (event: DragEvent): void => {
    if (!has(event)) return;
    depth += 1;
    onover(true);
  };
  const over = (event: DragEvent): void => {
    if (has(event)) event.preventDefault();
  };
  const out = (event: DragEvent): void => {
    if (!has(event)) return;
    depth -= 1;
    if (depth <= 0) onover(false);
  };
  const drop = (event: DragEvent): void => {
    depth = 0;
    onover(false);
    if (!has(event)) return;
    event.preventDefault();
    ondrop([...(event.dataTransfer?.files ?? [])]);
  };
  place.addEventListener("dragenter", enter);
  place.addEventListener("dragover", over);
  place.addEventListener("dragleave", out);
  place.addEventListener("drop", drop);
  return () => {
    onover(false);
    place.removeEventListener("dragenter", enter);
    place.removeEventListener("dragover", over);
    place.removeEventListener("dragleave", out);
    place.removeEventListener("drop", drop);
  };
}

/** The pictures among what is pasted; other files are left to the field. */
export function pastedPictures(event: ClipboardEvent): File[] {
  // Cells and paragraphs come with a picture of themselves; the words are what is meant.
  if (event.clipboardData?.types.includes("text/plain")) return [];
  return [...(event.clipboardData?.files ?? [])].filter((file) => file.type.startsWith("image/"));
}
