// The way in: the token is exchanged for a cookie and never stands in an address.
import { ask, el } from "./elements.js";

export function loginPage(main, say) {
  say("", "");
  const token = el("input", {
    type: "password", id: "token", autocomplete: "current-password", required: true,
  });
  const answer = el("p", { role: "alert" });
  const enter = async (event) => {
    event.preventDefault();
    try {
      await ask("/login", { token: token.value });
      location.assign("/");
    } catch (error) {
      answer.textContent = error.message;
    }
  };
  main.replaceChildren(el("form", { class: "login", submit: enter },
    el("label", { for: "token" }, "Token that overopt watch serve was started with"),
    token, el("button", { type: "submit" }, "Enter"), answer));
  token.focus();
}
