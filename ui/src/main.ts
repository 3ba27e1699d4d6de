import "./styles/tokens.css";
import "./styles/base.css";

import { mount } from "svelte";

import { openBridge } from "$lib/bridge";
import { App as AppState } from "$lib/state";

import App from "./App.svelte";

const target = document.getElementById("app");
if (target) {
  const app = new AppState(await openBridge());
  mount(App, { target, props: { app } });
  void app.start();
}
