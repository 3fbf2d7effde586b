import { OptionsError } from "../options.ts";
import { answer } from "./recommend-workers.ts";
import { help, readQuestion } from "./options.ts";

try {
  const question = readQuestion(process.argv.slice(2));
  console.log(question === "help" ? help : answer(question));
} catch (error) {
  if (!(error instanceof OptionsError)) throw error;
  console.error(`${error.message}\nnpm run simulate -- --help shows the options.`);
  process.exitCode = 2;
}
