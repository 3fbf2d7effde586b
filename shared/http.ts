/**
 * Node's module `http`, without what an `import` of it adds: that reads each export, and `WebSocket` among them loads
 * Node's copy of undici, which no part uses. It cost each start 50 ms of CPU and each process 14 MB.
 */
export const http = process.getBuiltinModule("node:http");
