/**
 * The fake client engine: keeps the world, answers calls and sends events, like the real one.
 *
 * It is driven by the query of the page's address (`?fake&extra=10000&hard&closing=15`) and, for
 * tests, by `window.fakeEngine`.
 */
import type { Acted } from "$lib/protocol/Acted";
import type { ApiError } from "$lib/protocol/ApiError";
import type { ClientRef } from "$lib/protocol/ClientRef";
import type { CommandRequest } from "$lib/protocol/CommandRequest";
import type { Delivery } from "$lib/protocol/Delivery";
import type { Content } from "$lib/protocol/Content";
import type { ListQuery } from "$lib/protocol/ListQuery";
import type { LinkState } from "$lib/protocol/LinkState";
import type { Pause } from "$lib/protocol/Pause";
import type { PhoneStartRow } from "$lib/protocol/PhoneStartRow";
import type { Preferences } from "$lib/protocol/Preferences";
import type { Recipient } from "$lib/protocol/Recipient";
import type { Media } from "$lib/protocol/Media";
import type { Stage } from "$lib/protocol/Stage";
import type { Template } from "$lib/protocol/Template";
import type { TemplatePreview } from "$lib/protocol/TemplatePreview";
import type { ThreadItem } from "$lib/protocol/ThreadItem";
import type { ThreadView } from "$lib/protocol/ThreadView";
import type { Typed } from "$lib/protocol/Typed";
import type { UiEvent } from "$lib/protocol/UiEvent";
import type { Viewer } from "$lib/protocol/Viewer";

import { type Answer, CallError, type CallName, type Request } from "..";
import { customerCalled, kindWord } from "./calls";
import { Costs } from "./costs";
import { agents, HOUR, INBOX, MINUTE, SAMI, SECOND, STORY_NOW } from "./cast";
import { checkContent } from "./check";
import { contentOf, dueTexts, overdue, react, scheduled } from "./content";
import { healthOf } from "./health";
import { type Fate, wayOf } from "./fates";
import { fileContent, Files } from "./files";
import { inspected } from "./numbers";
import { joinChats, keepApart, splitChats } from "./identity";
import { rowsOf, viewOf } from "./lists";
import { administer, checkDraft, reviewed } from "./template-admin";
import { previewOf } from "./template-fill";
import { choiceOf, templates } from "./templates";
import { populated } from "./population";
import { setScene } from "./scenes";
import { newStart, waitAgain } from "./starts";
import { itemsOf, message, note, olderItems } from "./threads";
import { type Chat, composerOf, faceOf, freshId, position, rowOf, type World } from "./world";
import { voiceNote } from "./voice";
import { WHEEL } from "./wheel";
import { whyOf } from "./why";

const STORE_KEY = "ajar.fake.preferences";

function refusal(code: ApiError["code"], text: string): CallError {
  return new CallError({ code, message: text, retry: { retry: "never" } });
}

export class FakeEngine {
  readonly world: World;
  readonly #query: URLSearchParams;
  readonly #handlers = new Set<(event: UiEvent) => void>();
  #list: ListQuery = {
    filter: "all",
    order: "newest",
    search: "",
    resolved: false,
    from: 0,
    to: 60,
  };
  #open: string | null = null;
  #unreadFrom: string | null = null;
  #base = STORY_NOW;
  #since = performance.now();
  #rate: number;
  #stage: Stage;
  #link: LinkState = { link: "live", since: STORY_NOW - HOUR };
  #preferences: Preferences;
  #viewers: Viewer[] = [];
  readonly #costs = new Costs();
  #fate: Fate | null = null;
  readonly files = new Files();
  #sentLanes = "";
  #sentComposer = "";
  readonly #timers: ReturnType<typeof setInterval>[];

  constructor(query: URLSearchParams) {
    this.#query = query;
    this.#rate = Number(query.get("rate") ?? "1") || 1;
    this.#preferences = {
      theme: "system",
      language: query.get("language") ?? "",
      details_hidden: false,
      list_order: "newest",
      last_conversation: query.get("open"),
      ...(JSON.parse(sessionStorage.getItem(STORE_KEY) ?? "{}") as Partial<Preferences>),
    };
    this.#stage = query.has("first") ? { stage: "first_run" } : this.#ready();
    this.world = populated(this.#query);
    setScene(this.world, query);
    this.#timers = [
      setInterval(() => this.#watchTime(), 250),
      setInterval(() => this.#emit({ kind: "clock", clock: this.#clock() }), 15_000),
    ];
  }

  // --- the bridge's two verbs ---------------------------------------------------------------

  subscribe(handler: (event: UiEvent) => void): () => void {
    this.#handlers.add(handler);
    queueMicrotask(() => {
      if (!this.#handlers.has(handler)) return;
      handler({ kind: "clock", clock: this.#clock() });
      handler({ kind: "stage", stage: this.#stage });
      if (this.#stage.stage !== "ready") return;
      handler({ kind: "link", state: this.#link });
      handler({ kind: "team", inboxes: [this.world.inbox], agents });
      handler({ kind: "phone_starts", starts: this.#waitingStarts() });
      handler({ kind: "viewers", viewers: this.#viewers });
    });
    return () => this.#handlers.delete(handler);
  }

  async call<Name extends CallName>(name: Name, payload: Request<Name>): Promise<Answer<Name>> {
    // A turn of the loop, as with every real transport.
    await new Promise((done) => setTimeout(done, 0));
    const handler = this.#calls[name] as (payload: Request<Name>) => Answer<Name>;
    // As over a wire: nobody shares objects with the engine.
    return structuredClone(handler(JSON.parse(JSON.stringify(payload)) as Request<Name>));
  }

  // --- for tests and for people who try things out --------------------------------------------

  stop(): void {
    this.#timers.forEach((timer) => clearInterval(timer));
    this.#handlers.clear();
  }

  now(): number {
    return Math.round(this.#base + (performance.now() - this.#since) * this.#rate);
  }

  setRate(rate: number): void {
    this.#base = this.now();
    this.#since = performance.now();
    this.#rate = rate;
    this.#emit({ kind: "clock", clock: this.#clock() });
  }

  /** Sends an event as if the engine had. */
  emit(event: UiEvent): void {
    this.#emit(event);
  }

  customerWrites(id: string, text = "Hello again, one more question"): void {
    const chat = this.#chat(id);
    const now = this.now();
    const item = message(id, "customer", now, text);
    chat.items.push(item);
    chat.row.facts.last_opening = {
      event_id: freshId("wamid."),
      kind: "customer_message",
      meta_at: now,
      received_at: now + 500,
    };
    chat.row.phone_first = null;
    chat.row.only_history = false;
    chat.row.first_customer_message_at ??= now;
    chat.row.last_customer_message_at = now;
    chat.row.waiting_since ??= now;
    chat.row.unread += 1;
    chat.row.progress = { state: "open" };
    this.#touch(chat, item);
    this.#emit({
      kind: "noticed",
      conversation: id,
      name: chat.row.customer.name,
      preview: text,
    });
  }

  phoneTypes(id: string, text = "Typed on the phone: see you tomorrow!"): void {
    const chat = this.#chat(id);
    const item = message(id, { phone: null }, this.now(), text, { delivery: "delivered" });
    chat.items.push(item);
    chat.row.waiting_since = null;
    this.#touch(chat, item);
  }

  customerCalls(id: string, answered: boolean): void {
    const chat = this.#chat(id);
    this.#touch(chat, customerCalled(chat, answered, this.now()));
  }

  goOffline(): void {
    this.#link = {
      link: "offline",
      since: this.now() - 3 * MINUTE,
      retry_at: this.now() + 8 * SECOND,
      error: {
        code: "hub_unreachable",
        message: "connect",
        retry: { retry: "later", after_ms: 8000 },
      },
    };
    this.#emit({ kind: "link", state: this.#link });
  }

  goOnline(): void {
    this.#link = { link: "live", since: this.now() };
    this.#emit({ kind: "link", state: this.#link });
    for (const chat of this.world.chats.values()) this.#flush(chat);
  }

  pauseNumber(why: Pause["why"] | null): void {
    this.world.inbox.paused = why === null ? null : [{ why } as Pause, this.now() - 26 * MINUTE];
    this.world.inbox.rev += 1;
    this.#emit({ kind: "team", inboxes: [this.world.inbox], agents });
    this.#emitList();
    this.#emitThread();
  }

  /** Meta refuses the newest text of this chat: the window is disputed. */
  dispute(id: string): void {
    const chat = this.#chat(id);
    chat.row.facts.last_refusal = { at: this.now(), message: chat.row.last?.message ?? "" };
    this.#changed(chat);
  }

  // --- inside -------------------------------------------------------------------------------

  #ready(): Stage {
    return {
      stage: "ready",
      me: {
        agent: SAMI,
        name: "Sami",
        admin: !this.#query.has("agent"),
        team: "Quill & Spoke",
        hub: "https://hub.quillandspoke.example",
        demo: true,
        token_in_file: this.#query.has("token_in_file"),
      },
    };
  }

  #clock(): { now: number; rate: number } {
    return { now: this.now(), rate: this.#rate };
  }

  #chat(id: string): Chat {
    const chat = this.world.chats.get(id);
    if (!chat) throw refusal("not_found", "no such conversation");
    if (chat.items.length === 0) chat.items = itemsOf(chat.row);
    return chat;
  }

  #emit(event: UiEvent): void {
    for (const handler of this.#handlers) handler(structuredClone(event));
  }

  #emitList(): void {
    if (this.#stage.stage !== "ready") return;
    this.#emit({ kind: "list", view: viewOf(this.world, this.#list, this.now()) });
    this.#sentLanes = this.#lanes();
  }

  #emitThread(): void {
    if (this.#open === null) return;
    const chat = this.#chat(this.#open);
    const view = this.#threadView(chat);
    this.#sentComposer = JSON.stringify(view.composer);
    this.#emit({ kind: "thread", view });
  }

  #threadView(chat: Chat): ThreadView {
    const now = this.now();
    const place = (item: ThreadItem): string =>
      item.item === "queued" ? position(item.at, item.client_ref) : item.row.position;
    return {
      conversation: chat.row,
      composer: composerOf(chat.row, this.world.inbox, now),
      clock: faceOf(chat.row, this.world.inbox, now),
      items: chat.items.toSorted((a, b) => (place(a) < place(b) ? -1 : 1)),
      complete: chat.complete,
      loading: false,
      unread_from: this.#unreadFrom,
      drafts: chat.drafts,
      phone_starts: this.world.starts.filter((start) => start.conversation === chat.row.id),
      earlier_windows: chat.earlier,
    };
  }

  /** What changes only because time passes. */
  #watchTime(): void {
    if (this.#stage.stage !== "ready") return;
    for (const message of dueTexts(this.world, this.now())) {
      this.#leave(message);
    }
    if (this.#open !== null) {
      const chat = this.#chat(this.#open);
      const composer = JSON.stringify(composerOf(chat.row, this.world.inbox, this.now()));
      if (composer !== this.#sentComposer) this.#emitThread();
    }
    if (this.#sentLanes !== "" && this.#lanes() !== this.#sentLanes) this.#emitList();
  }

  #lanes(): string {
    if (this.world.chats.size > 500) return "many";
    const query: ListQuery = { ...this.#list, filter: "expiring", search: "" };
    return rowsOf(this.world, query, this.now())
      .map((row) => `${row.id}${row.lane}`)
      .join();
  }

  #changed(chat: Chat): void {
    chat.row.rev += 1;
    this.#emitList();
    if (chat.row.id === this.#open) this.#emitThread();
  }

  /** `item` is the newest thing said. */
  #touch(chat: Chat, item: ThreadItem): void {
    if (item.item === "message") {
      const { row } = item;
      const body =
        row.content.kind === "text"
          ? row.content.body
          : row.content.kind === "template"
            ? row.content.template.body
            : "";
      chat.row.activity_at = row.at;
      chat.row.last = {
        message: row.id,
        author: row.author,
        kind: kindWord(row.content),
        preview: body.replace(/\s+/g, " ").slice(0, 160),
        at: row.at,
        delivery: row.delivery,
      };
    }
    this.#changed(chat);
  }

  #deliver(chat: Chat, id: string, delivery: Delivery): void {
    chat.items = chat.items.map((item) =>
      item.item === "message" && item.row.id === id
        ? { ...item, row: { ...item.row, delivery, rev: item.row.rev + 1 } }
        : item,
    );
    if (chat.row.last?.message === id) chat.row.last = { ...chat.row.last, delivery };
    this.#changed(chat);
  }

  /** What Meta would answer over the next seconds. */
  #travel(chat: Chat, id: string): void {
    const fate = this.#fate;
    this.#fate = null;
    for (const { after, delivery } of wayOf(fate)) {
      setTimeout(() => {
        const now = this.now();
        const told = delivery(now);
        if (told.state === "parked") {
          chat.row.facts.last_refusal = { at: now, message: id };
          chat.row.parked += 1;
        }
        this.#deliver(chat, id, told);
      }, after);
    }
  }

  #flush(chat: Chat): void {
    const queued = chat.items.filter(
      (item) => item.item === "queued" && item.state.state === "waiting",
    );
    for (const item of queued) {
      if (item.item !== "queued") continue;
      chat.items = chat.items.filter((one) => one !== item);
      if (item.send_before !== null && this.now() > item.send_before) {
        chat.items.push({ ...item, state: { state: "parked" } });
        this.#changed(chat);
      } else {
        this.#act(item);
      }
    }
  }

  /** The moment of a text has come. */
  #leave(id: string): void {
    const { chat } = this.#find(id);
    const { state } = composerOf(chat.row, this.world.inbox, this.now());
    if (state === "open") this.#calls.act({ do: "send_again", message: id });
    else {
      chat.row.parked += 1;
      this.#deliver(chat, id, overdue(this.now()));
    }
  }

  #waitingStarts(): PhoneStartRow[] {
    return this.world.starts.filter((start) => start.state === "waiting");
  }

  #templatesChanged(): void {
    this.world.inbox.templates_at = this.now();
    this.#emit({ kind: "templates_changed", inbox: INBOX });
  }

  #filled(
    template: Template,
    given: Record<string, string>,
    typed: Record<string, Typed>,
  ): TemplatePreview {
    const fileOf = (id: string): Media | null => this.files.get(id)?.media ?? null;
    return previewOf(template, values(given), typed, this.now(), fileOf);
  }

  #emitStarts(): void {
    this.#emit({ kind: "phone_starts", starts: this.#waitingStarts() });
    this.#emitThread();
  }

  #send(
    chat: Chat,
    voice: { agent: string },
    body: Content | string,
    clientRef: ClientRef | null = null,
  ): string {
    const composer = composerOf(chat.row, this.world.inbox, this.now());
    if (composer.state === "closing") throw refusal("window_closing", "margin");
    if (composer.state === "disputed") throw refusal("window_disputed", "131047");
    if (composer.state === "paused") throw refusal("paused", "paused");
    if (composer.state !== "open") throw refusal("window_not_open", composer.state);
    const item = message(chat.row.id, voice, this.now(), body, {
      delivery: "queued",
      send_before: composer.send_before,
    });
    if (item.item !== "message") return "";
    item.row.client_ref = clientRef;
    chat.items.push(item);
    chat.row.waiting_since = null;
    chat.drafts = chat.drafts.filter((draft) => draft.mode !== "reply");
    this.#touch(chat, item);
    this.#travel(chat, item.row.id);
    return item.row.id;
  }

  #find(id: string): { chat: Chat; item: ThreadItem & { item: "message" } } {
    for (const chat of this.world.chats.values()) {
      const item = chat.items.find((one) => one.item === "message" && one.row.id === id);
      if (item?.item === "message") return { chat, item };
    }
    throw refusal("not_found", "no such message");
  }

  /** The conversation of a recipient, made if it is not there. */
  #recipient(to: Recipient, name: string | null): Chat {
    if (to.to === "conversation") return this.#chat(to.conversation);
    const digits = to.number.replace(/\D/g, "");
    for (const chat of this.world.chats.values()) {
      if (chat.row.customer.number === digits) return this.#chat(chat.row.id);
    }
    const id = freshId("conversation");
    const shown = `+${digits}`;
    const row = rowOf({
      name: name ?? shown,
      id,
      number: shown,
      last: { voice: { agent: SAMI }, text: "", at: this.now() },
    });
    row.last = null;
    const chat: Chat = { row, items: [], complete: true, drafts: [], earlier: [] };
    this.world.chats.set(id, chat);
    return chat;
  }

  #act({ command, client_ref }: CommandRequest): Acted {
    const answer = { visible_at: 1, message: null, conversation: null, phone_start: null };
    const acted = (more: Partial<NonNullable<Acted["answer"]>> = {}): Acted => ({
      client_ref,
      answer: { ...answer, ...more },
    });
    switch (command.do) {
      case "send_text":
      case "send_content":
      case "send_file": {
        const chat = this.#chat(command.conversation);
        if (this.#link.link === "offline") {
          chat.items.push({
            item: "queued",
            client_ref,
            command,
            at: this.now(),
            send_before: command.send_before,
            state: { state: "waiting" },
          });
          chat.drafts = chat.drafts.filter((draft) => draft.mode !== "reply");
          this.#changed(chat);
          return { client_ref, answer: null };
        }
        if (command.do === "send_text") {
          return acted({ message: this.#send(chat, { agent: SAMI }, command.body, client_ref) });
        }
        if (command.do === "send_content") {
          if (checkContent(command.content).length > 0)
            throw refusal("content_refused", "problems");
          const content = contentOf(command.content);
          return acted({ message: this.#send(chat, { agent: SAMI }, content, client_ref) });
        }
        const content = fileContent(this.files.unsent(command.file), command);
        const sent = this.#send(chat, { agent: SAMI }, content, client_ref);
        this.files.claim(command.file);
        return acted({ message: sent });
      }
      case "send_template": {
        const chat = this.#recipient(command.to, null);
        const template = templates.find((one) => one.id === command.template);
        if (!template) throw refusal("not_found", "no such template");
        const preview = this.#filled(template, command.values, command.typed);
        if (preview.problems.length > 0) {
          throw new CallError({
            code: "template_refused",
            message: "problems",
            retry: { retry: "never" },
            fields: preview.problems,
          });
        }
        const item = message(
          chat.row.id,
          { agent: SAMI },
          this.now(),
          { kind: "template", template: preview.rendered },
          { delivery: "queued" },
        );
        chat.items.push(item);
        if (command.hold) this.#hold(chat, command.hold);
        this.#touch(chat, item);
        if (item.item === "message") this.#travel(chat, item.row.id);
        return acted({
          message: item.item === "message" ? item.row.id : null,
          conversation: chat.row.id,
        });
      }
      case "hold_text": {
        const chat = this.#chat(command.conversation);
        const id = this.#hold(chat, command.body, client_ref);
        this.#changed(chat);
        return acted({ message: id });
      }
      case "release":
      case "send_again": {
        const { chat, item } = this.#find(command.message);
        const sent = this.#send(chat, { agent: SAMI }, item.row.content);
        chat.items = chat.items.filter((one) => one !== item);
        if (item.row.delivery?.state === "parked") chat.row.parked -= 1;
        this.#changed(chat);
        return acted({ message: sent });
      }
      case "discard": {
        const { chat, item } = this.#find(command.message);
        if (item.row.delivery?.state === "parked") chat.row.parked -= 1;
        chat.items = chat.items.filter((one) => one !== item);
        this.#changed(chat);
        return acted();
      }
      case "react": {
        const { chat, item } = this.#find(command.message);
        react(item, command.emoji, this.now(), () => this.#changed(chat));
        this.#changed(chat);
        return acted();
      }
      case "schedule_text": {
        const chat = this.#chat(command.conversation);
        this.#touch(chat, scheduled(chat, command.body, command.at, this.now()));
        return acted();
      }
      case "create_template":
      case "edit_template":
      case "delete_template":
        administer(command);
        this.#templatesChanged();
        return acted();
      case "hold_phone": {
        const { agent } = command;
        this.world.inbox.phone_holder = agent === null ? null : { agent, since: this.now() };
        this.#emit({ kind: "team", inboxes: [this.world.inbox], agents });
        return acted();
      }
      case "set_rate_card":
        if (!this.#costs.load(command.csv, this.now())) {
          throw new CallError({
            code: "content_refused",
            message: "no card",
            retry: { retry: "never" },
            problems: [{ field: "csv", trouble: "empty" }],
          });
        }
        return acted();
      case "wait_again": {
        this.world.starts = waitAgain(this.world.starts, command.start);
        const start = this.world.starts.find((one) => one.id === command.start);
        if (start?.conversation) this.#changed(this.#chat(start.conversation));
        this.#emitStarts();
        return acted();
      }
      case "add_note": {
        const chat = this.#chat(command.conversation);
        const added = note(command.conversation, SAMI, this.now(), command.body);
        if (added.item === "note") added.row.client_ref = client_ref;
        chat.items.push(added);
        chat.drafts = chat.drafts.filter((draft) => draft.mode !== "note");
        this.#changed(chat);
        return acted();
      }
      case "assign":
        return this.#edit(command.conversation, acted, (chat) => {
          chat.row.assignee = command.assignee;
        });
      case "snooze":
        return this.#edit(command.conversation, acted, (chat) => {
          chat.row.progress = { state: "snoozed", until: command.until, by: SAMI };
        });
      case "resolve":
        return this.#edit(command.conversation, acted, (chat) => {
          chat.row.progress = { state: "resolved", at: this.now(), by: SAMI };
        });
      case "reopen":
        return this.#edit(command.conversation, acted, (chat) => {
          chat.row.progress = { state: "open" };
        });
      case "set_labels":
        return this.#edit(command.conversation, acted, (chat) => {
          chat.row.labels = command.labels;
        });
      case "set_about":
        return this.#edit(command.conversation, acted, (chat) => {
          chat.row.customer.about = command.about;
        });
      case "mark_seen":
        return this.#edit(command.conversation, acted, (chat) => {
          chat.row.unread = 0;
          chat.row.seen_upto = command.upto;
        });
      case "start_on_phone": {
        const known =
          command.to.to === "conversation" ? this.#chat(command.to.conversation).row : null;
        const start = newStart(command, known, this.now());
        if (start === null) throw refusal("no_number", "hidden");
        this.world.starts.push(start);
        this.#emitStarts();
        return acted({ phone_start: start.id, conversation: start.conversation });
      }
      case "cancel_phone_start": {
        this.world.starts = this.world.starts.map((start) =>
          start.id === command.start ? { ...start, state: "cancelled", at: this.now() } : start,
        );
        this.#emitStarts();
        return acted();
      }
      case "claim_echo": {
        const { chat, item } = this.#find(command.message);
        if (item.row.author.by === "phone") item.row.author.claimed_by = command.agent;
        this.#changed(chat);
        return acted();
      }
      case "refresh_templates":
        reviewed();
        this.#templatesChanged();
        return acted();
      case "join_chats":
        this.#identity(joinChats(this.world, command.merge, this.now()));
        return acted();
      case "keep_apart":
        this.#identity(keepApart(this.world, command.merge));
        return acted();
      case "split_chats":
        this.#identity(splitChats(this.world, command.merge));
        return acted();
      case "ask_for_history":
        this.world.inbox.import = {
          ...this.world.inbox.import,
          history: { asked: "yes", at: this.now() },
          contacts: { asked: "yes", at: this.now() },
          percent: null,
          declined_at: null,
        };
        this.#emit({ kind: "team", inboxes: [this.world.inbox], agents });
        return acted();
      case "read_again":
        // This version has learnt all but one of them.
        this.world.kept = this.world.kept.slice(0, 1);
        return acted();
      case "start_sending":
        if (this.#query.has("still_refused")) throw refusal("meta_unavailable", "still refused");
        this.pauseNumber(null);
        return acted();
      case "set_policy":
        this.world.inbox.margin_ms = command.margin_ms;
        this.world.inbox.read_receipts = command.read_receipts;
        this.#emit({ kind: "team", inboxes: [this.world.inbox], agents });
        this.#emitThread();
        return acted();
    }
  }

  /** Two chats became one, or one became two. */
  #identity(changed: boolean): void {
    if (!changed) throw refusal("not_found", "no such join");
    if (this.#open !== null && !this.world.chats.has(this.#open)) {
      this.#emit({ kind: "thread_gone", conversation: this.#open });
      this.#open = null;
    }
    this.#emitList();
    this.#emitThread();
  }

  #edit(id: string, acted: () => Acted, change: (chat: Chat) => void): Acted {
    const chat = this.#chat(id);
    change(chat);
    this.#changed(chat);
    return acted();
  }

  #hold(chat: Chat, body: string, clientRef: ClientRef | null = null): string {
    const item = message(chat.row.id, { agent: SAMI }, this.now() + 1, body, {
      delivery: { state: "parked", since: this.now(), why: { why: "held" } },
    });
    if (item.item === "message") item.row.client_ref = clientRef;
    chat.items.push(item);
    chat.row.parked += 1;
    chat.drafts = chat.drafts.filter((draft) => draft.mode !== "reply");
    return item.item === "message" ? item.row.id : "";
  }

  #calls: { [Name in CallName]: (payload: Request<Name>) => Answer<Name> } = {
    hello: () => ({
      version: "0.1.0",
      stage: this.#stage,
      preferences: this.#preferences,
      shell: "browser",
    }),
    join: ({ hub, code }) => {
      if (!hub.includes(".")) throw refusal("hub_unreachable", "no answer");
      if (!/^[\w\s-]{8,}$/.test(code)) throw refusal("wrong_code", "no such code");
      this.#prepare("joining", 4);
      return {};
    },
    host: () => {
      this.#prepare("hosting", 6);
      return {};
    },
    try_demo: () => {
      this.#prepare("demo", 8);
      return {};
    },
    leave: () => {
      this.#stage = { stage: "first_run" };
      this.#emit({ kind: "stage", stage: this.#stage });
      return {};
    },
    watch_list: (query) => {
      this.#list = query;
      this.#emitList();
      return {};
    },
    watch_conversation: ({ conversation }) => {
      this.#open = conversation;
      this.#unreadFrom = null;
      if (conversation === null) return {};
      if (!this.world.chats.has(conversation)) {
        this.#emit({ kind: "thread_gone", conversation });
        this.#open = null;
        return {};
      }
      const chat = this.#chat(conversation);
      if (chat.row.unread > 0) {
        const theirs = chat.items.filter(
          (item) => item.item === "message" && item.row.author.by === "customer",
        );
        const first = theirs[Math.max(0, theirs.length - chat.row.unread)];
        this.#unreadFrom = first?.item === "message" ? first.row.position : null;
      }
      this.#emitThread();
      return {};
    },
    load_older: ({ conversation }) => {
      const chat = this.#chat(conversation);
      const pages = chat.items.length;
      const first = Math.min(
        ...chat.items.map((item) => (item.item === "queued" ? item.at : item.row.at)),
      );
      setTimeout(() => {
        chat.items = [...olderItems(conversation, first), ...chat.items];
        chat.complete = pages > 150;
        this.#emitThread();
      }, 150);
      return {};
    },
    act: (command) => this.#calls.send({ client_ref: freshId("ref"), command }),
    send: (request) => {
      const offlineToo = ["send_text", "send_content", "send_file"].includes(request.command.do);
      if (this.#link.link === "offline" && !offlineToo) {
        throw refusal("hub_unreachable", "offline");
      }
      return this.#act(request);
    },
    take_back: ({ client_ref }) => {
      for (const chat of this.world.chats.values()) {
        const before = chat.items.length;
        chat.items = chat.items.filter(
          (item) => item.item !== "queued" || item.client_ref !== client_ref,
        );
        if (chat.items.length !== before) this.#changed(chat);
      }
      return {};
    },
    save_draft: (draft) => {
      const chat = this.#chat(draft.conversation);
      chat.drafts = chat.drafts.filter((one) => one.mode !== draft.mode);
      const kept = draft.body.trim() !== "" || draft.files.length > 0;
      if (kept) chat.drafts.push({ ...draft, saved_at: this.now() });
      this.#emitList();
      return {};
    },
    why_window: ({ conversation }) =>
      whyOf(this.#chat(conversation).row, this.world.inbox, this.now()),
    health: () => {
      if (this.#query.has("agent")) throw refusal("forbidden", "administrators only");
      if (this.#link.link === "offline") throw refusal("hub_unreachable", "offline");
      return healthOf(this.world, this.now());
    },
    inspect_number: ({ text }) => inspected(this.world, text),
    check_content: (content) => ({ problems: checkContent(content) }),
    check_template_draft: (draft) => ({ problems: checkDraft(draft) }),
    costs: () => this.#costs.report(),
    list_templates: ({ search, conversation }) => {
      const words = search.trim().toLowerCase();
      const customer = conversation ? this.world.chats.get(conversation)?.row.customer : undefined;
      const found = templates
        .filter((one) =>
          `${one.name} ${one.body} ${one.category} ${one.language}`.toLowerCase().includes(words),
        )
        .map((one) => choiceOf(one, customer))
        .sort(
          (a, b) =>
            Number(a.not_sendable !== null) - Number(b.not_sendable !== null) ||
            (b.last_used_at ?? 0) - (a.last_used_at ?? 0) ||
            a.template.name.localeCompare(b.template.name),
        );
      return {
        templates: found,
        sendable: found.filter((one) => one.not_sendable === null).length,
        refreshed_at: this.world.inbox.templates_at,
      };
    },
    preview_template: (request) => {
      const template = templates.find((one) => one.id === request.template);
      if (!template) throw refusal("not_found", "no such template");
      return this.#filled(template, request.values, request.typed);
    },
    search: ({ text }) => {
      const words = text.toLowerCase();
      const hits = [...this.world.chats.values()]
        .filter((chat) => chat.row.last?.preview.toLowerCase().includes(words))
        .slice(0, 20)
        .map((chat) => ({
          conversation: chat.row.id,
          name: chat.row.customer.name,
          message: chat.row.last?.message ?? "",
          snippet: chat.row.last?.preview ?? "",
          at: chat.row.activity_at,
        }));
      return { hits };
    },
    next_to_expire: ({ conversation }) => {
      const waiting = rowsOf(
        this.world,
        { ...this.#list, filter: "expiring", search: "" },
        this.now(),
      ).filter((row) => row.waiting_since !== null);
      const here = waiting.findIndex((row) => row.id === conversation);
      return { conversation: waiting[here + 1]?.id ?? waiting[0]?.id ?? null };
    },
    neighbour: ({ conversation, step }) => {
      const rows = rowsOf(this.world, this.#list, this.now());
      const here = rows.findIndex((row) => row.id === conversation);
      const index = here < 0 ? 0 : Math.min(rows.length - 1, Math.max(0, here + step));
      return { conversation: rows[index]?.id ?? null };
    },
    presence: () => ({}),
    begin_attachment: (begun) => {
      if (this.#link.link === "offline") throw refusal("hub_unreachable", "offline");
      return this.files.begin(begun);
    },
    attach_part: (part) => this.files.part(part),
    end_attachment: (of) => this.files.end(of),
    drop_attachment: (of) => this.files.drop(of),
    media: ({ media }) => {
      const own = this.files.bytes(media);
      if (own) return { mime_type: own.media.mime_type, base64: own.base64 };
      return media.startsWith("media-voice")
        ? { mime_type: "audio/wav", base64: voiceNote(media) }
        : { mime_type: "image/webp", base64: WHEEL };
    },
    save_preferences: (preferences) => {
      this.#preferences = preferences;
      sessionStorage.setItem(STORE_KEY, JSON.stringify(preferences));
      return {};
    },
    try_now: () => {
      setTimeout(() => this.goOnline(), 400);
      return {};
    },
    open_link: ({ url }) => {
      window.open(url, "_blank", "noopener");
      return {};
    },
    demo: (action) => {
      switch (action.action) {
        case "customer_writes":
          this.customerWrites(action.conversation);
          break;
        case "phone_types":
          this.phoneTypes(action.conversation);
          break;
        case "set_rate":
          this.setRate(action.rate);
          break;
        case "skip":
          this.#base += action.seconds * SECOND;
          this.setRate(this.#rate);
          break;
        case "lose_next_answer":
          this.#fate = "lost";
          break;
        case "dispute_next":
          this.#fate = "disputed";
          break;
        case "phone_sends_start": {
          const start = this.world.starts.find((one) => one.id === action.start);
          if (!start) break;
          const chat = this.#recipient(
            start.conversation
              ? { to: "conversation", conversation: start.conversation }
              : { to: "number", inbox: INBOX, number: start.number },
            start.name,
          );
          const item = message(chat.row.id, { phone: start.asked_by }, this.now(), start.text, {
            delivery: "delivered",
          });
          chat.items.push(item);
          chat.row.assignee = start.asked_by;
          if (!chat.row.facts.last_opening) {
            chat.row.phone_first = { at: this.now(), by: start.asked_by };
          }
          this.world.starts = this.world.starts.map((one) =>
            one.id === start.id
              ? {
                  ...one,
                  conversation: chat.row.id,
                  state: "claimed",
                  message: item.item === "message" ? item.row.id : "",
                  at: this.now(),
                  alike: true,
                }
              : one,
          );
          this.#touch(chat, item);
          this.#emitStarts();
          break;
        }
      }
      return {};
    },
  };

  /** Getting ready, with steps to watch. */
  #prepare(what: string, of: number): void {
    let done = 0;
    const step = (): void => {
      this.#stage = done < of ? { stage: "preparing", what, done, of } : this.#ready();
      this.#emit({ kind: "stage", stage: this.#stage });
      if (done < of) {
        done += 1;
        setTimeout(step, 250);
      } else {
        this.#emit({ kind: "link", state: this.#link });
        this.#emit({ kind: "team", inboxes: [this.world.inbox], agents });
      }
    };
    step();
  }
}

/** Maps that may have holes, as generated, without them. */
function values(map: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(Object.entries(map).map(([key, value]) => [key, value ?? ""]));
}
