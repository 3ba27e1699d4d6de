/** A template filled in, as the engine does it: its fields, what is wrong, and how it then looks. */
import type { Button } from "$lib/protocol/Button";
import type { Field } from "$lib/protocol/Field";
import type { FieldProblem } from "$lib/protocol/FieldProblem";
import type { Input } from "$lib/protocol/Input";
import type { Location } from "$lib/protocol/Location";
import type { Media } from "$lib/protocol/Media";
import type { Place } from "$lib/protocol/Place";
import type { Template } from "$lib/protocol/Template";
import type { TemplatePreview } from "$lib/protocol/TemplatePreview";
import type { Typed } from "$lib/protocol/Typed";

type Values = Record<string, string>;

const hole = /\{\{\s*(\w+)\s*\}\}/g;
const MAX = { header: 60, body: 1024, card: 160, url: 2000 };

export function holes(text: string): string[] {
  return [...new Set([...text.matchAll(hole)].map((found) => found[1] ?? ""))];
}

function isCode(template: Template): boolean {
  return template.category === "authentication";
}

/** Whether an administrator can write it here; others are made in WhatsApp Manager. */
export function canBeEdited(template: Template): boolean {
  return (
    template.cards.length === 0 &&
    template.offer === null &&
    template.unsupported.length === 0 &&
    (template.category === "utility" || template.category === "marketing") &&
    (template.header?.format !== "media" || template.header.media === "location") &&
    template.buttons.every((button) =>
      ["quick_reply", "url", "phone", "copy_code"].includes(button.kind),
    )
  );
}

export function fieldsOf(template: Template): Field[] {
  const out: Field[] = [];
  const add = (
    key: string,
    place: Place,
    label: string,
    max_chars: number,
    input: Input = { input: "text" },
    optional = false,
  ): void => {
    const example = template.examples[key] ?? null;
    out.push({ key, place, label, example, max_chars, input, optional });
  };
  const links = (buttons: Button[], card: number | null): void => {
    buttons.forEach((button, index) => {
      const key = card === null ? `button.${index}` : `card.${card}.button.${index}`;
      if (button.kind === "url" && holes(button.url).length > 0) {
        const place: Place =
          card === null
            ? { place: "url_suffix", button: index }
            : { place: "card_url_suffix", card, button: index };
        add(key, place, button.text, MAX.url - button.url.replace(hole, "").length);
      } else if (button.kind === "copy_code" && card === null) {
        add(key, { place: "copy_code", button: index }, button.text, 15, { input: "code" });
      }
    });
  };
  if (isCode(template)) {
    add("code", { place: "code" }, "code", 15, { input: "code" });
    return out;
  }
  if (template.header?.format === "text") {
    for (const variable of holes(template.header.text)) {
      add(`header.${variable}`, { place: "header_text", variable }, variable, MAX.header);
    }
  } else if (template.header?.media === "location") {
    for (const part of ["latitude", "longitude"] as const) {
      add(`header.${part}`, { place: "header_place", part }, part, 24, { input: "degrees" });
    }
    for (const part of ["name", "address"] as const) {
      add(`header.${part}`, { place: "header_place", part }, part, 1000, { input: "text" }, true);
    }
  } else if (template.header) {
    const { media } = template.header;
    add("header", { place: "header_file", media }, "header", 200, { input: "file", media });
    if (media === "document") {
      const place: Place = { place: "header_file_name" };
      add("header.filename", place, "filename", 240, { input: "text" }, true);
    }
  }
  for (const variable of holes(template.body)) {
    add(`body.${variable}`, { place: "body", variable }, variable, MAX.body);
  }
  if (template.offer?.expires) {
    add("offer.expires", { place: "offer_expires" }, "expires", 16, { input: "moment" });
  }
  links(template.buttons, null);
  template.cards.forEach((card, index) => {
    if (card.header) {
      const media = card.header;
      const place: Place = { place: "card_file", card: index, media };
      add(`card.${index}.header`, place, "header", 200, { input: "file", media });
    }
    for (const variable of holes(card.body)) {
      const key = `card.${index}.body.${variable}`;
      add(key, { place: "card_body", card: index, variable }, variable, MAX.card);
    }
    links(card.buttons, index);
  });
  return out;
}

function problemOf(field: Field, value: string, now: number): FieldProblem | null {
  const { key, input, place } = field;
  if (value.trim() === "") return field.optional ? null : { problem: "empty", key };
  if (/[\n\r\t]/.test(value)) return { problem: "line_break", key };
  if (/ {5,}/.test(value)) return { problem: "many_spaces", key };
  if ([...value].length > field.max_chars) {
    return { problem: "too_long", key, max: field.max_chars };
  }
  if (/url_suffix$/.test(place.place) && /\s/.test(value)) {
    return { problem: "space_in_address", key };
  }
  switch (input.input) {
    case "code":
      return /\s/.test(value) ? { problem: "space_in_code", key } : null;
    case "degrees": {
      const most = key.endsWith("latitude") ? 90 : 180;
      return degrees(value, most) === null ? { problem: "not_degrees", key } : null;
    }
    case "moment":
      return Number(value) > now ? null : { problem: "not_in_the_future", key };
    default:
      return null;
  }
}

function degrees(text: string, most: number): number | null {
  const number = Number(text.trim().replace(/^$/, "x"));
  return Number.isFinite(number) && Math.abs(number) <= most ? number : null;
}

function placeOf(values: Values): Location | null {
  const latitude = degrees(values["header.latitude"] ?? "", 90);
  const longitude = degrees(values["header.longitude"] ?? "", 180);
  if (latitude === null || longitude === null) return null;
  return {
    latitude,
    longitude,
    name: values["header.name"]?.trim() || null,
    address: values["header.address"]?.trim() || null,
  };
}

export function previewOf(
  template: Template,
  values: Values,
  typed: Record<string, Typed | undefined> = {},
  now = 0,
  fileOf: (id: string) => Media | null = () => null,
): TemplatePreview {
  const fields = fieldsOf(template);
  const fill = (text: string, place: string): string =>
    text.replace(hole, (whole, variable: string) => {
      const code = place === "body" && isCode(template) ? values["code"] : undefined;
      return code || values[`${place}.${variable}`] || whole;
    });
  const problems: FieldProblem[] = [];
  for (const key of Object.keys(values)) {
    if (!fields.some((field) => field.key === key))
      problems.push({ problem: "unknown_field", key });
  }
  for (const field of fields) {
    const value = values[field.key] ?? "";
    const problem = problemOf(field, value, now);
    if (problem) problems.push(problem);
    else if (field.input.input === "file" && fileOf(value) === null && now > 0) {
      problems.push({ problem: "no_such_file", key: field.key });
    }
  }
  for (const [key, one] of Object.entries(typed)) {
    const inBody = fields.some((field) => field.key === key && field.place.place === "body");
    if (!inBody) problems.push({ problem: "unknown_field", key });
    else if (one?.is === "amount" && !/^[A-Z]{3}$/.test(one.currency)) {
      problems.push({ problem: "not_an_amount", key });
    }
  }
  const tooLong = (place: string, text: string, max: number): void => {
    const { length } = [...text];
    if (length > max) problems.push({ problem: "text_too_long", place, length, max });
  };
  const drawn = (buttons: Button[], prefix: string): Button[] =>
    buttons.map((button, index) =>
      button.kind === "url"
        ? {
            ...button,
            url: button.url.replace(hole, (whole) => values[`${prefix}button.${index}`] || whole),
          }
        : button,
    );
  const body = fill(template.body, "body");
  const header = template.header?.format === "text" ? fill(template.header.text, "header") : null;
  const cards = template.cards.map((card, index) => ({
    header_media: card.header,
    file: fileOf(values[`card.${index}.header`] ?? ""),
    body: fill(card.body, `card.${index}.body`),
    buttons: drawn(card.buttons, `card.${index}.`),
  }));
  if (header !== null) tooLong("header", header, MAX.header);
  tooLong("body", body, MAX.body);
  cards.forEach((card, index) => tooLong(`card.${index}.body`, card.body, MAX.card));
  const file = fileOf(values["header"] ?? "");
  return {
    rendered: {
      name: template.name,
      language: template.language,
      category: template.category,
      header_text: header,
      header_media: template.header?.format === "media" ? template.header.media : null,
      header_file: file && { ...file, filename: values["header.filename"] || file.filename },
      header_place: placeOf(values),
      offer: template.offer && {
        text: template.offer.text,
        expires_at: Number(values["offer.expires"]) || null,
      },
      cards,
      template: template.id,
      values,
      typed: Object.fromEntries(
        Object.entries(typed).flatMap(([key, one]) => (one ? [[key, one]] : [])),
      ),
      body,
      footer: template.footer,
      buttons: drawn(template.buttons, ""),
    },
    problems,
    body_chars: [...body].length,
    body_max: MAX.body,
  };
}
