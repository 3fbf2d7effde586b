import { batching } from "../../shared/db/batched.ts";

// Loaded by `--import` before a process of Parley: `npm run bench -- --unbatched` measures what batching gains.
batching.isOn = false;
