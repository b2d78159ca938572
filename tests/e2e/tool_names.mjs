// The tools that each profile names, sorted as tools/list sorts them.
export const lean = ['analyze', 'chat', 'codereview', 'debug', 'listmodels', 'planner', 'refactor', 'status', 'testgen', 'thinkdeep', 'version'];

export const standard = [...lean, 'apilookup', 'challenge', 'consensus', 'docgen', 'precommit', 'secaudit', 'tracer'].sort();

/** What only the full profile names, besides `echo` and the diagnostics. */
export const vendorTools = ['glm_payload_preview', 'glm_upload_file', 'glm_web_search', 'kimi_capture_headers', 'kimi_chat_with_tools',
  'kimi_intent_analysis', 'kimi_multi_file_chat', 'kimi_upload_and_extract', 'toolcall_log_tail'];

/** The server about itself, under the predecessor's names; the full profile names them too. */
export const diagnostics = ['activity', 'health', 'provider_capabilities', 'self-check'];
