// What the outputs mean, in words.

function showAnswer(model, outputs, empty, verdict) {
  const answer = answerOf(model.says, outputs);
  const text = empty ? "\u2013" : answerText(model, answer);
  const detail = empty ? "Draw something, and the network says what it is." : answerDetail(model, outputs, answer);
  setText(byId("answer-text"), text);
  byId("answer-text").classList.toggle("long", Array.from(text).length > 3);
  setText(byId("answer-detail"), detail);
  setText(byId("verdict"), verdict ? verdict.text : "");
  byId("verdict").className = verdict && verdict.right !== null ? (verdict.right ? "right" : "wrong") : "";
  announce(empty ? "nothing drawn" : [`The answer is ${text}.`, detail, verdict ? verdict.text : ""].join(" "));
}

function answerText({ says, names }, answer) {
  if (answer === null) return "not a number";
  if (says === "label") return names[answer];
  return says === "flags" ? listed(names.filter((_, i) => answer[i])) : answer.map(shortNumber).join(", ");
}

function answerDetail({ says, names }, outputs, answer) {
  if (answer === null || says === "numbers") return "";
  if (says === "flags") return "Outputs above 0.5.";
  if (outputs.length === 1) return `Output ${shortNumber(outputs[0])}.`;
  const next = strongest(outputs.map((a, i) => (i === answer ? -Infinity : a)));
  return `Output ${shortNumber(outputs[answer])}; next is ${names[next]} with ${shortNumber(outputs[next])}.`;
}
