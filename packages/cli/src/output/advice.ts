import type { RelaisError } from '@relais/sdk';

const secretsKey = 'give the platform the right key: --secrets-key-file or RELAIS_SECRETS_KEY';

const byReason: Readonly<Record<string, string>> = {
  unreachable: 'start it with "npm start" or "npx relais up", or say where it runs with --url or RELAIS_URL',
  connection_lost: 'look whether the platform still runs; repeat the call only if running it twice does no harm',
  foreign_answer: 'something else answers there: check --url and RELAIS_URL',
  no_such_file: 'check the path; "relais init js" makes a first function',
  unreadable_file: 'name a file that you may read',
  unwritable_file: 'choose another path, with room, where you may write',
  bad_settings: 'correct the file; "relais deploy --help" lists what it may hold',
  file_exists: 'choose another path, or remove the file',
  bad_name: 'give another by --name',
  unknown_language: 'say it by --lang; "relais doctor" lists the languages',
  name_taken: 'deploy with --update to make a new version, or with another --name',
  empty_source: '"relais init" writes a function to begin with',
  entry_not_found: 'say it by --entry, or in relais.toml',
  bad_package_json: 'correct the file and deploy again',
  compile_error: 'correct the source and deploy again',
  function_failed: 'correct the function and deploy it again with --update; "relais dev FILE" does so on every save',
  payload_too_large: 'send less, or keep the data elsewhere and send where it is',
  no_worker: '"relais workers" shows the fleet, "relais doctor" what it lacks',
  client_deadline: 'give it more time by --timeout-ms',
  rate_limit: 'send fewer requests a second, or use a key that may send more',
  concurrency_limit: 'wait for calls to end, or allow more at once',
  secret_missing: '"relais secret set" stores it, "relais secret ls" shows which there are',
  secret_not_found: '"relais secret ls" shows which there are',
  key_not_found: '"relais key ls" shows which there are',
  too_large: 'send less, or keep the data elsewhere and send where it is',
  reserved_name: 'give the file or directory of the source another name',
  scratch_full: 'make room in the directory for temporary files of the machine that builds',
  memory_limit: 'deploy with more, --memory-mb, or let the function use less',
  output_limit: 'let the function answer less, or keep the data elsewhere and answer where it is',
  version_not_found: '"relais version NAME" lists the versions there are',
  no_earlier_version: '"relais version NAME" lists the versions there are',
  backups_limit: 'wait until the other backups are done',
  backup_gone: 'begin the backup again',
  backup_unusable: 'restore another backup: this file is damaged, cut short or none',
  restore_not_empty: 'choose another directory by --data, or move away what is there',
  unknown_worker: '"relais workers" shows them all',
  unknown_trace: 'traces are kept for a while, and not of every call: call again and look soon',
  unknown_strategy: 'choose one of those',
  function_not_allowed: 'use a key without that limit, by --key or RELAIS_KEY',
  worker_lost: 'the call may have run: repeat it if that does no harm, then with --idempotent',
  storage_locked: 'another Relais has the data directory open: stop it, or choose another by --data',
  storage_corrupt: 'restore a backup, or choose another directory by --data',
  storage_write_failed: 'see to the disk of the data directory: its free space, its errors, whether it is still there',
  storage_unusable: 'choose another directory by --data, or mend its owner, mode or disk',
  record_too_new: 'start the release that wrote it, or choose another directory by --data',
  record_corrupt: 'the platform goes on without it: do what the message says, or restore a backup',
  cannot_listen: 'stop what listens there, or choose another port by --port',
  address_in_use: 'stop what listens there, or choose another address',
  token_required: 'set one by --cluster-token, the same for every role',
  keys_required: 'start it once on a terminal, or choose a first key by RELAIS_ADMIN_KEY',
  secrets_key_missing: secretsKey,
  secrets_key_wrong: secretsKey,
  secrets_key_exposed: secretsKey,
  secrets_key_unusable: secretsKey,
  tls_unusable: 'correct what --tls-cert and --tls-key name',
};

const byCode: Partial<Record<RelaisError['code'], string>> = {
  unauthenticated: 'give a key by --key or RELAIS_KEY; "relais key create" makes one',
  permission_denied: 'use a key that has this right, by --key or RELAIS_KEY',
  not_found: '"relais ls" shows what there is',
  already_exists: 'choose another name',
  failed_precondition: '"relais doctor" shows what is missing and the line that installs it',
  resource_exhausted: 'try again shortly',
  deadline_exceeded: 'deploy the function with a longer --timeout-ms, or make it quicker',
  aborted: 'correct the function and deploy it again with --update',
  unavailable: 'try again shortly; "relais workers" shows the fleet',
  unimplemented: 'this platform is older than this command: update it',
  internal: 'the cause is in the log of the platform',
};

/** What to do about a failure, in one line. `usage` is the command that was used, without its arguments. */
export function adviceFor({ code, component, reason }: RelaisError, usage = 'relais'): string {
  // Something between us and the platform may ask for a key in words of its own.
  const isAboutKeys = code === 'unauthenticated' || code === 'permission_denied';
  const advice = !isAboutKeys && Object.hasOwn(byReason, reason) ? byReason[reason] : undefined;
  // Those of a function are options of the command that deploys it.
  if (reason === 'bad_config' && component === 'platform') return '"relais up --help" lists every setting';
  const general = code === 'invalid_argument' ? `"${usage} --help" shows how it is used` : byCode[code];
  return advice ?? general ?? 'try again';
}
