import { z } from "zod";
import type { Config } from "../../../shared/config/config.ts";
import { Problem } from "../../../shared/errors.ts";
import type { Logger } from "../../../shared/logger.ts";
import { challengeHeader } from "../../../shared/protocol/headers.ts";

/** Verifies the answer to a bot challenge, by the protocol that Turnstile, hCaptcha and reCAPTCHA share. */
export interface Challenge {
  /**
   * @param answer sent by the visitor's browser
   * @param address the visitor's; the verifier may compare it with the address that solved the challenge
   * @throws {Problem} 403 when the answer is missing or wrong; 503 when the verifier is down
   */
  check(answer: string | undefined, address: string): Promise<void>;
}

/** Verifiers answer within tenths of a second, and the visitor waits for this before anything else happens. */
const timeoutMs = 3000;
const retrySeconds = 5;
/**
 * Maximum verifications in flight. More mean a flood or a verifier that hangs; further requests are refused at once.
 */
const maxUnderWay = 100;
/** Turnstile's are 2,048 characters at most. */
const maxAnswerChars = 4096;

const result = z.object({ success: z.boolean(), "error-codes": z.array(z.string()).optional() });

/**
 * Fails closed while the verifier is down: an operator who configures a challenge is under attack, and the attacker may
 * be the reason. Conversations that have begun and verified visitors are not affected.
 * @returns `undefined` if none is configured
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
      log.warn({ err: error }, "the bot-challenge verifier is down");
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
      // A configuration error: the operator must fix CHALLENGE_SECRET.
      if (codes.some((code) => code.endsWith("-input-secret"))) {
        log.error("the bot-challenge verifier rejects CHALLENGE_SECRET");
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
    // A redirect would send the secret to another host.
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
  return new Problem("unavailable", "New conversations cannot be started at the moment. Try again shortly.", {
    retryAfterSeconds: retrySeconds,
  });
}
