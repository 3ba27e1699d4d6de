import { expect, it } from "vitest";

import { Commands } from "./commands.svelte";

it("runs the newest handler, and the one before when that leaves", () => {
  const commands = new Commands();
  const ran: string[] = [];
  const first = commands.register("template", () => ran.push("frame"));
  const second = commands.register("template", () => ran.push("composer"));
  commands.run("template");
  second();
  commands.run("template");
  first();
  expect(commands.run("template")).toBe(false);
  expect(ran).toEqual(["composer", "frame"]);
});

it("does not take away what somebody else registered later", () => {
  const commands = new Commands();
  const first = commands.register("reply", () => {});
  commands.register("reply", () => {});
  first();
  expect(commands.available("reply")).toBe(true);
});
