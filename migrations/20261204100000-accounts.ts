import { Migration } from "@mikro-orm/migrations";

/** Accounts of operators: addresses, passwords, sessions, second factors and one-time links. */
export class Accounts extends Migration {
  override name = "20261204100000-accounts";

  override up(): void {
    this.addSql(`
      alter table operators
        add column email text,
        add column email_verified boolean not null default false,
        add column two_factor_enabled boolean not null default false,
        add column updated_at timestamptz not null default now()`);
    this.addSql(
      `create unique index operators_by_email on operators (site_id, email) where left_at is null and email is not null`,
    );
    this.addSql(`
      create table operator_credentials (
        id uuid primary key,
        operator_id uuid not null,
        account_id text not null,
        provider_id text not null,
        password text,
        created_at timestamptz not null default now(),
        updated_at timestamptz not null default now(),
        constraint operator_credentials_operator_id_foreign foreign key (operator_id) references operators on delete cascade,
        constraint operator_credentials_of_operator unique (operator_id, provider_id))`);
    this.addSql(`
      create table operator_sessions (
        id uuid primary key,
        operator_id uuid not null,
        token text not null,
        expires_at timestamptz not null,
        ip_address text,
        user_agent text,
        created_at timestamptz not null default now(),
        updated_at timestamptz not null default now(),
        began_at timestamptz not null default now(),
        seen_at timestamptz not null default now(),
        credential text,
        constraint operator_sessions_operator_id_foreign foreign key (operator_id) references operators on delete cascade,
        constraint operator_sessions_token unique (token))`);
    this.addSql(`create index operator_sessions_of_operator on operator_sessions (operator_id)`);
    this.addSql(`create index operator_sessions_seen_at on operator_sessions (seen_at)`);
    this.addSql(`
      create table operator_two_factors (
        id uuid primary key,
        operator_id uuid not null,
        secret text not null,
        backup_codes text not null,
        verified boolean not null default true,
        failed_verification_count int not null default 0,
        locked_until timestamptz,
        constraint operator_two_factors_operator_id_foreign foreign key (operator_id) references operators on delete cascade,
        constraint operator_two_factors_of_operator unique (operator_id))`);
    this.addSql(`
      create table operator_verifications (
        id uuid primary key,
        identifier text not null,
        value text not null,
        expires_at timestamptz not null,
        created_at timestamptz not null default now(),
        updated_at timestamptz not null default now())`);
    this.addSql(`create index operator_verifications_identifier on operator_verifications (identifier)`);
    this.addSql(`create index operator_verifications_expires_at on operator_verifications (expires_at)`);
    this.addSql(`
      create table operator_links (
        id uuid primary key,
        site_id text not null default 'default',
        purpose text not null,
        token_hash bytea not null,
        operator_id uuid,
        email text,
        name text,
        role text,
        made_by uuid,
        created_at timestamptz not null default now(),
        ends_at timestamptz not null,
        used_at timestamptz,
        constraint operator_links_operator_id_foreign foreign key (operator_id) references operators on delete cascade,
        constraint operator_links_token_hash_unique unique (token_hash),
        constraint operator_links_purpose check (purpose in ('invitation', 'reset', 'sign-in')),
        constraint operator_links_role check (role in ('admin', 'operator', 'reader')))`);
    this.addSql(`create index operator_links_ends_at on operator_links (ends_at)`);
  }
}
