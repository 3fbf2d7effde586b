import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { expect, it } from "vitest";
import { ConfigError } from "../config/config.ts";
import { listen } from "./listen.ts";

it("names the setting of a port in use", async () => {
  const other = createServer().listen(0);
  await once(other, "listening");
  const { port } = other.address() as AddressInfo;
  const refused = listen(createServer(), { setting: "WORKER_PORT", port });
  await expect(refused).rejects.toThrow(new ConfigError(`Port ${port} is taken: set WORKER_PORT to a free one`));
  other.close();
});

it("says which ports an ordinary user may use", async () => {
  // Root, and many containers, may have all of them: the system's answer is given by hand.
  const server = createServer();
  const refused = listen(server, { setting: "PORT", port: 0 });
  server.emit("error", Object.assign(new Error("listen EACCES: permission denied 0.0.0.0:80"), { code: "EACCES" }));
  await expect(refused).rejects.toThrow("set PORT to one from 1024 on");
  server.close();
});
