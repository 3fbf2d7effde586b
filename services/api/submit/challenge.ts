import { z } from "zod";
import type { Config } from "../../../shared/config/config.ts";
import { Problem } from "../../../shared/errors.ts";
import type { Logger } from "../../../shared/logger.ts";
import { challengeHeader } from "../../../shared/protocol/headers.ts";

/** Has the answer to a bot challenge verified, as Turnstile, hCaptcha and reCAPTCHA do it. */
export interface Challenge {
  /**
   * @param answer what the visitor's browser sent
   * @param address the visitor's, which the verifier may hold against the one that solved the challenge
   * @throws {Problem} 403 when it is missing or not good; 503 when the verifier is away
   */
  check(answer: string | undefined, address: string): Promise<void>;
}

/** They answer in tenths of a second; a visitor waits for this before anything happens. */
const timeoutMs = 3000;
const retrySeconds = 5;
/** More at once are a flood, or a verifier that hangs: the rest is told at once. */
const maxUnderWay = 100;
/** Turnstile's are 2,048 characters at most. */
const maxAnswerChars = 4096;

const result = z.object({ success: z.boolean(), "error-codes": z.array(z.string()).optional() });

/**
 * Whether the verifier is away decides nothing in a visitor's favour: whoever asks for a challenge is under attack, and the
 * attacker may be why the verifier is away. Conversations that have begun and verified visitors go on.
 * @returns `undefined` where none is configured
 */
export function createChallenge(
  { CHALLENGE_URL: url, CHALLENGE_SECRET: secret }: Pick<Config, "CHALLENGE_URL" | "CHALLENGE_SECRET">,
  log: Logger,
): Challenge | undefined {
  if (url === undefined || secret === undefined) return undefined;
  let underWay = 0;
  const verify = async (answer: string, address: string) => {
    if (underWay >= maxUnderWay) throw away();
    underWay += 1;
    try {
      return await ask(url, { secret, response: answer, remoteip: address });
    } catch (error) {
      log.warn({ err: error }, "the verifier of bot challenges is away");
      throw away();
    } finally {
      underWay -= 1;
    }
  };
  return {
    async check(answer, address) {
      if (answer === undefined || answer === "") throw failed("is missing");
      if (answer.length > maxAnswerChars) throw failed("is too long");
      const { success, "error-codes": codes = [] } = await verify(answer, address);
      if (success) return;
      // Not the visitor's fault, and theirs to mend who run this.
      if (codes.some((code) => code.endsWith("-input-secret"))) {
        log.error("the verifier of bot challenges does not take CHALLENGE_SECRET");
        throw away();
      }
      throw failed("was not taken: it may be used or too old");
    },
  };
}

async function ask(url: string, form: Record<string, string>): Promise<z.output<typeof result>> {
  const response = await fetch(url, {
    method: "POST",
    body: new URLSearchParams(form),
    // A redirect would take the secret elsewhere.
    redirect: "error",
    signal: AbortSignal.timeout(timeoutMs),
  });
  if (!response.ok) throw new Error(`it answered with status ${response.status}`);
  return result.parse(await response.json());
}

function failed(fault: string): Problem {
  const errors = [{ path: challengeHeader, message: fault }];
  return new Problem("challenge-failed", `${challengeHeader} ${fault}. Solve the challenge and send it again.`, {
    errors,
  });
}

function away(): Problem {
  return new Problem("unavailable", "New conversations cannot begin right now. Try again in a moment.", {
    retryAfterSeconds: retrySeconds,
  });
}
