import { Migration } from "@mikro-orm/migrations";

/** MCP servers, and the tools that they list: each is off until an operator has allowed it. */
export class McpTools extends Migration {
  override name = "20261212130000-mcp-tools";

  override up(): void {
    this.addSql(`
      create table mcp_servers (
        site_id text not null default 'default',
        key text not null,
        url text not null,
        due_at timestamptz not null default now(),
        look int not null default 0,
        listed_at timestamptz,
        fault text,
        left_out int not null default 0,
        primary key (site_id, key))`);
    this.addSql(`
      create table mcp_tools (
        id uuid primary key,
        site_id text not null default 'default',
        server text not null,
        name text not null,
        description text not null,
        schema text not null,
        hash text not null,
        fault text,
        gone_at timestamptz,
        allowed boolean not null default false,
        allowed_hash text,
        allowed_description text,
        allowed_schema text,
        decided_at timestamptz,
        decided_by uuid)`);
    this.addSql(`create unique index mcp_tools_of_server on mcp_tools (site_id, server, name)`);
  }
}
