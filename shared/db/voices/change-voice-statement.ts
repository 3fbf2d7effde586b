import { dueAfterMs, interval } from "../../tunables.ts";
import type { Statement } from "../../postgres/statement.ts";
import { sourcesWithin } from "../replies/citations.ts";
import type { Columns } from "../schema/tables.ts";

export interface ChangedVoice {
  eventSeq: number;
  ended: Columns<"jobs", "id" | "attempt">[];
  /** True if the job made by it is the first open one, to be enqueued now. */
  head: boolean;
}

/** Added to the attempt of a sealed draft, which no attempt reaches: no write of its worker matches then. */
const sealedAttempt = 1_000_000_000;

/** SQL of the locks: the row that decides first, then its head; the draft comes last. */
const lockedRows = `
      item as materialized (
        select * from json_to_record($1::json) as item(
          "conversationId" uuid, "eventSeq" int, deadline timestamptz, "handledBy" text, "operatorId" uuid, reason text,
          notice text, ends text, "replyId" uuid, "headStatus" text, "headAttempt" int, text text, "messageId" uuid,
          "messageText" text, author uuid, "idempotencyHash" bytea, "requestHash" bytea, "jobId" uuid, "answeredId" uuid,
          "answeredTurn" int, "requestId" text, email text, "setsEmail" boolean, closes boolean, by uuid,
          overdue boolean, "returned" boolean, "noteId" uuid, "noteText" text, "noteBy" uuid)
      ), held as materialized (
        select conversations.* from item cross join lateral (
          select id, site_id, event_seq, open_jobs, next_turn, assistant_type, provider, handled_by, operator_id, stretch,
                 waiting_since is null as met, created_at from conversations
          where id = item."conversationId" and event_seq = item."eventSeq" and deleted_at is null for no key update
        ) as conversations
      ), head as materialized (
        select jobs.* from held cross join lateral (
          select id, status, attempt, run, turn from jobs where id = held.open_jobs[1] for no key update
        ) as jobs
      ), go as materialized (
        select held.*, item.*, notice is not null and not overdue as changes, notice is not null or closes as tells,
               "handledBy" = 'ai' or "messageId" is not null as answers,
               handled_by = 'operator' and "handledBy" = 'ai' and met as "asksRating"
        from held cross join item left join head on true
        where clock_timestamp() < deadline
          and ("headStatus" is null or head.status = "headStatus" and head.attempt = "headAttempt")
      )`;

/**
 * SQL that seals the draft of the head and returns its text. A draft of an earlier attempt was withdrawn: it is sealed
 * all the same, and gives no text.
 */
const sealRow = `
      sealed as (
        insert into drafts (job_id, attempt, text)
        select head.id, head.attempt + ${sealedAttempt}, '' from go cross join head
        where head.status = 'active' and ends = 'open'
        on conflict (job_id) do update set attempt = drafts.attempt + ${sealedAttempt}, updated_at = now()
          where drafts.attempt < ${sealedAttempt}
        returning job_id, attempt, text
      ), cut as materialized (
        select head.id as job, head.attempt, head.turn, nullif(convert_from(sealed.text, 'UTF8'), '') as text
        from go cross join head join sealed on sealed.job_id = head.id and sealed.attempt = head.attempt + ${sealedAttempt}
      )`;

const givenText = `
      cut as materialized (
        select head.id as job, head.attempt, head.turn, nullif(go.text, '') as text from go cross join head
        where head.status = 'active' and ends = 'open'
      )`;

/** SQL that ends jobs and their runs, and withdraws what was confirmed and not sent. A person settles what still waits. */
const endedJobs = `
      ended as (
        update jobs
        set status = case ends when 'open' then 'cancelled' else 'completed' end,
            error_code = case ends when 'open' then 'taken_over' end, handled_by = go."handledBy",
            reply_id = case when jobs.id = cut.job and cut.text is not null then "replyId" end,
            reply_attempt = case when jobs.id = cut.job and cut.text is not null then jobs.attempt end,
            finished_at = now(), lease_until = null, due_at = null, claims = null
        from go left join cut on true
        where jobs.id = any(go.open_jobs) and (ends = 'open' or ends = 'queued' and jobs.status = 'queued')
          and jobs.status in ('queued', 'active')
        returning jobs.id, jobs.attempt, jobs.run, jobs.turn, jobs.status
      ), withdrawn as (
        update actions set state = 'withdrawn', ended_at = now() from go
        where actions.conversation_id = go.id
          and (state = 'confirmed' and answer_id in (select id from ended) or state = 'waiting' and ("handledBy" = 'operator' or closes))
        returning actions.id, proposed_at
      ), ran as (
        update runs set ended_at = now(), outcome = 'cancelled'
        from ended where ended.status = 'cancelled' and runs.job_id = ended.id and runs.run = ended.run and runs.ended_at is null
      )`;

/** SQL for what is new: the cut, the operator's message and note, the job that answers, and the stretch. */
const newRows = `
      left_standing as (
        insert into messages (id, conversation_id, turn, sender, text, finish_reason)
        select "replyId", go.id, cut.turn, 'ai', cut.text, 'taken_over' from go cross join cut where cut.text is not null
        returning id
      ), said as (
        insert into messages (id, conversation_id, turn, sender, text, operator_id, idempotency_hash, request_hash)
        select "messageId", id, next_turn, 'operator', "messageText", author, "idempotencyHash", "requestHash"
        from go where "messageId" is not null
        returning id
      ), annotated as (
        insert into notes (id, site_id, conversation_id, operator_id, text)
        select "noteId", site_id, id, "noteBy", "noteText" from go where "noteId" is not null
        on conflict (id) do nothing
      ), asked as (
        insert into jobs (id, conversation_id, message_id, turn, assistant_type, provider_override, request_id, due_at, action_id)
        select "jobId", id, "answeredId", "answeredTurn", assistant_type, provider, "requestId", now() + ${interval(dueAfterMs)},
               (select action_id from jobs where conversation_id = go.id and turn = "answeredTurn" and action_id is not null limit 1)
        from go where "jobId" is not null
        returning id
      ), over as (
        insert into stretches (conversation_id, no, site_id, handled_by, operator_id, began_at, ended_at, rating_asked)
        select id, stretch, site_id, handled_by, operator_id, created_at, now(), "asksRating" from go where changes
        on conflict (conversation_id, no) do update set ended_at = excluded.ended_at, rating_asked = excluded.rating_asked
      ), begun as (
        insert into stretches (conversation_id, no, site_id, handled_by, operator_id, reason)
        select id, stretch + 1, site_id, "handledBy", "operatorId", reason from go where changes
      )`;

/** SQL that lists the events in the order in which they are told: the cut comes before who answers. */
const listedEvents = `
      listed as materialized (
        select row_number() over (order by part, turn) as place, event.* from (
          select 1 as part, 0::bigint as turn, 'message' as kind, id as message, null::uuid as job, null as status, null::uuid as action from left_standing
          union all select 2, turn, 'job', null, id, status, null from ended
          union all select 3, row_number() over (order by proposed_at), 'action', null, null, null, id from withdrawn
          union all select 4, 0, 'handling', null, null, null, null from go where tells
          union all select 5, 0, 'message', id, null, null, null from said
          union all select 6, 0, 'job', null, id, 'queued', null from asked
        ) as event
      )`;

/** SQL for the row that decides. */
const movedConversation = `
      moved as (
        update conversations
        set handled_by = "handledBy", operator_id = go."operatorId", stretch = go.stretch + changes::int,
            waiting_since = case when answers then null when changes then coalesce(waiting_since, now()) else waiting_since end,
            returns = case when answers then 0 else returns + "returned"::int end,
            overdue_at = case when answers then null when overdue then now() else overdue_at end,
            handoff_due = null, failed_replies = 0,
            unheard = case when "handledBy" = 'ai' or "messageId" is not null then 0
                           when ends = 'queued' then (select count(*) from ended) else unheard end,
            handoff_email = case when "setsEmail" then email else handoff_email end,
            emails_left = emails_left + coalesce("setsEmail" and email <> coalesce(handoff_email, ''), false)::int,
            email_left_at = case when "setsEmail" and email is distinct from handoff_email then now() else email_left_at end,
            closed_at = case when closes then now() when changes or "messageId" is not null then null else closed_at end,
            open_jobs = array(select job from unnest(go.open_jobs) with ordinality as open(job, place)
                              where job not in (select id from ended) order by place) || array(select id from asked),
            seen_turn = case when "messageId" is not null then go.next_turn else seen_turn end,
            next_turn = go.next_turn + ("messageId" is not null)::int,
            message_count = message_count + ("messageId" is not null)::int + (select count(*) from left_standing),
            event_seq = go.event_seq + (select count(*) from listed), updated_at = now()
        from go where conversations.id = go.id
        returning conversations.event_seq, conversations.open_jobs[1] = "jobId" as head
      )`;

/** SQL that writes the events. */
const notedEvents = `
      noted as (
        insert into events (conversation_id, site_id, seq, kind, message_id, job_id, status, action_id, handled_by, operator_id, notice)
        select id, site_id, event_seq + place, kind, message, job, status, action,
               case when kind = 'handling' or kind = 'job' and status <> 'queued' then "handledBy" end,
               case when kind = 'handling' then coalesce("operatorId", by) end, case when kind = 'handling' then notice end
        from listed cross join go order by place
      )`;

function changeVoiceStatement(name: string, cut: string): Statement<ChangedVoice> {
  return {
    name,
    text: `
      with ${lockedRows}, ${cut}, ${endedJobs}, ${newRows}, ${sourcesWithin("cut", `(select "replyId" from go)`)}, ${listedEvents}, ${movedConversation}, ${notedEvents}
      select event_seq as "eventSeq", coalesce(head, false) as head,
             (select coalesce(json_agg(json_build_object('id', id, 'attempt', attempt) order by turn), '[]') from ended) as ended
      from moved`,
  };
}

/** Statement for drafts that are rows: it seals the draft and reads its text. */
export const changeAndSealStatement = changeVoiceStatement("change-voice-and-seal", sealRow);
/** Statement for drafts that are elsewhere: their text was sealed before. */
export const changeVoiceWithTextStatement = changeVoiceStatement("change-voice-with-text", givenText);
