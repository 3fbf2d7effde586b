import { expect, it } from "vitest";
import { Listeners } from "./listeners.ts";

it("tells all listeners of a key until they leave, in whatever order they come and go", () => {
  const listeners = new Listeners<number>();
  const heard: string[] = [];
  const add = (key: string, name: string) => listeners.add(key, (item) => heard.push(`${name}${item}`));
  const leaveA = add("x", "a");
  add("y", "y");
  listeners.tell("x", 1);
  const [leaveB, leaveC] = [add("x", "b"), add("x", "c")];
  listeners.tell("x", 2);
  leaveA();
  leaveA();
  listeners.tell("x", 3);
  leaveC();
  listeners.tell("x", 4);
  expect(heard.splice(0)).toEqual(["a1", "a2", "b2", "c2", "b3", "c3", "b4"]);
  expect(listeners.size).toBe(2);
  leaveB();
  expect(listeners.size).toBe(1);
  const leaveD = add("x", "d");
  leaveB();
  listeners.tell("x", 5);
  leaveD();
  listeners.tell("x", 6);
  listeners.tell("y", 7);
  expect(heard).toEqual(["d5", "y7"]);
});
