// The variables of the release that Toolpost was made after which have nothing here, by topic.
#include "cli/env_variables.hpp"

namespace toolpost {
namespace {

constexpr std::string_view kDaemon =
    "there is no daemon, no port and no shim: each client starts `toolpost serve` over stdin and stdout";
constexpr std::string_view kNames = "clients name a server in their own configuration";
constexpr std::string_view kLogin =
    "nobody logs in: stdin and stdout belong to the client that started the host";
constexpr std::string_view kEnvironment = "Toolpost reads no .env file, and behaves the same everywhere";
constexpr std::string_view kSession =
    "there are no sessions: a thread belongs to its owner and lasts store.thread_ttl_ms";
constexpr std::string_view kNoCache =
    "no answer is kept for a second asking: the same question is asked anew";
constexpr std::string_view kRetryAfter = "the host computes when to come back from what is waiting";
constexpr std::string_view kRate = "admission bounds what runs at once; there is no rate per minute";
constexpr std::string_view kStorage =
    "threads and journals are in SQLite in store.state_dir; nothing else can hold them";
constexpr std::string_view kLog =
    "one log of JSON lines for each host in the state folder; log.level and log.file are its settings";
constexpr std::string_view kRedaction =
    "arguments and answers are never logged, and secrets are always masked";
constexpr std::string_view kMetrics = "metrics are always counted; `toolpost status --metrics` prints them";
constexpr std::string_view kMetadata = "every answer has its turns, attempts and time in `_meta`";
constexpr std::string_view kDiagnostics = "`toolpost doctor` and `toolpost status` are always there";
constexpr std::string_view kDeadline =
    "every call has a deadline from [ceilings], and a hang is found by turns.turn_max_ms";
constexpr std::string_view kHeartbeat =
    "progress comes from the host's own timer, deadlines.progress_interval_ms";
constexpr std::string_view kAttempt =
    "an attempt is bounded by ceilings.provider_ms; http.first_byte_ms and http.stream_idle_ms bound its "
    "parts";
constexpr std::string_view kRouting =
    "the model that was asked for answers; `auto` chooses by tool, step, abilities and locale, of "
    "host.default_provider if that is set, and says why";
constexpr std::string_view kCost =
    "each call tells its cost; turns.provider_calls_max bounds what a call may ask";
constexpr std::string_view kFallback =
    "models.fallback and models.fallbacks_max say what is asked when what `auto` chose fails";
constexpr std::string_view kRetries = "retry.attempts_max is the setting";
constexpr std::string_view kHealth = "the breaker watches every provider and model";
constexpr std::string_view kKeyCheck = "`toolpost doctor` looks at keys, with --probe also by asking";
constexpr std::string_view kTokens =
    "the model's own limit holds; `config.extra_body` of a provider can send another";
constexpr std::string_view kOutput = "an answer has limits.output_bytes_max, and is not cut for a client";
constexpr std::string_view kAsync = "the host does all waiting";
constexpr std::string_view kSynthesis = "no second model sums up an answer";
constexpr std::string_view kEmbeddings = "there are no embeddings";
constexpr std::string_view kThinking = "the argument `thinking_mode` of a tool says it";
constexpr std::string_view kSearch =
    "the argument `use_websearch` says it, and each provider searches in its own way";
constexpr std::string_view kEngines = "no search engine of its own: only providers search";
constexpr std::string_view kVendorCache = "the provider caches by itself; a tool names the conversation";
constexpr std::string_view kToolTime =
    "a call of any tool has ceilings.tool_ms, and the patient ones ceilings_long.tool_ms";
constexpr std::string_view kStreamed =
    "answers are streamed from the provider unless its `config.stream` is false, whichever tool asks";
constexpr std::string_view kToolChoice = "the argument `tool_choice` of `kimi_chat_with_tools` says it";
constexpr std::string_view kIntent = "`kimi_intent_analysis` asks for at most 512 tokens";
constexpr std::string_view kAgents = "no tool asks GLM's agents";
constexpr std::string_view kUploads =
    "the tools that send files send them anew each time, all at once, within [files] and ceilings.upload_ms "
    "(docs/tools.md)";
constexpr std::string_view kFileSizes =
    "files.file_bytes_max and files.total_bytes_max bound what any tool reads, and so what it sends; a file "
    "that is larger is left out and named";
constexpr std::string_view kAgent = "nothing goes on by itself: the agent makes each step of a workflow";
constexpr std::string_view kExpert = "the argument `use_assistant_model` says it for each call";
constexpr std::string_view kExpertFiles =
    "an expert gets the relevant files within a budget of tokens, at most 60";
constexpr std::string_view kConsensus =
    "the agent names the models, or up to three are taken; `quorum` is a setting of the plugin "
    "(docs/tools.md)";
constexpr std::string_view kDate = "no date is put into prompts";
constexpr std::string_view kLean =
    "`version` and `listmodels` are tools like others; tools.disable takes them away";
constexpr std::string_view kAllow =
    "no list holds for one client alone; tools.profile, tools.enable and tools.disable hold for all";
constexpr std::string_view kAlways =
    "inputs are always checked, and sizes always bounded; it cannot be switched off";
constexpr std::string_view kRoots =
    "files.roots names all folders that may be read; when it names any, the working directory must be among "
    "them";
constexpr std::string_view kPaths =
    "paths are taken beneath files.roots, or the working directory when that is empty";

constexpr EnvVariable gone(std::string_view name, std::string_view why) {
  return {name, EnvFate::gone, "", EnvForm::none, why};
}
constexpr EnvVariable dead(std::string_view name, std::string_view why) {
  return {name, EnvFate::dead, "", EnvForm::none, why};
}

constexpr EnvVariable kRows[] = {
    // The daemon and its shim.
    gone("EXAI_WS_AUTOSTART", kDaemon),
    gone("EXAI_WS_COMPAT_TEXT", kDaemon),
    gone("EXAI_WS_CONNECT_TIMEOUT", kDaemon),
    gone("EXAI_WS_HANDSHAKE_TIMEOUT", kDaemon),
    gone("EXAI_WS_HELLO_TIMEOUT", kDaemon),
    gone("EXAI_WS_HOST", kDaemon),
    gone("EXAI_WS_PING_INTERVAL", kDaemon),
    gone("EXAI_WS_PING_TIMEOUT", kDaemon),
    gone("EXAI_WS_PING_VALIDATION_TIMEOUT", kDaemon),
    gone("EXAI_WS_PORT", kDaemon),
    gone("EXAI_WS_SKIP_HEALTH_CHECK", kDaemon),
    gone("EXAI_SHIM_ACK_GRACE_SECS", kDaemon),
    gone("EXAI_LOCK_DISABLE", kDaemon),
    gone("EXAI_LOCK_STALE_SECONDS", kDaemon),
    gone("FALLBACK_TO_WEBSOCKET", kDaemon),
    dead("MCP_WEBSOCKET_ENABLED", kDaemon),
    dead("MCP_WEBSOCKET_HOST", kDaemon),
    dead("MCP_WEBSOCKET_PORT", kDaemon),
    gone("WS_MAX_MSG_BYTES", kDaemon),
    gone("WS_STATUS_FRESH_SECS", kDaemon),
    gone("EX_ENSURE_NONEMPTY_FIRST", kDaemon),
    gone("STREAM_PROGRESS", kDaemon),
    gone("MCP_SERVER_ID", kNames),
    gone("MCP_SERVER_NAME", kNames),
    gone("EXAI_SESSION_ID", kNames),
    gone("AUGGIE_ACTIVE", kNames),
    gone("AUGGIE_CLI", kNames),
    gone("AUGGIE_CONFIG", kNames),
    gone("EXAI_WS_TOKEN", kLogin),
    gone("ENVIRONMENT", kEnvironment),
    gone("ENV_FILE", kEnvironment),
    // Sessions and repeated calls.
    gone("EX_SESSION_SCOPE_ALLOW_CROSS_SESSION", kSession),
    gone("EX_SESSION_SCOPE_STRICT", kSession),
    gone("SESSION_CLEANUP_INTERVAL", kSession),
    gone("SESSION_MAX_CONCURRENT", kSession),
    gone("SESSION_TIMEOUT_SECS", kSession),
    dead("CACHE_ENABLED", kNoCache),
    gone("CACHE_MAX_ITEMS", kNoCache),
    dead("CACHE_TTL", kNoCache),
    gone("CACHE_TTL_SEC", kNoCache),
    gone("EXAI_WS_DISABLE_COALESCE_FOR_TOOLS", kNoCache),
    gone("EXAI_WS_INFLIGHT_TTL_SECS", kNoCache),
    gone("EXAI_WS_RESULT_TTL", kNoCache),
    gone("SEMANTIC_CACHE_MAX_RESPONSE_SIZE", kNoCache),
    gone("SEMANTIC_CACHE_MAX_SIZE", kNoCache),
    gone("SEMANTIC_CACHE_TTL_SECONDS", kNoCache),
    gone("EXAI_WS_RETRY_AFTER_SECS", kRetryAfter),
    dead("MAX_CONCURRENT_REQUESTS", kRate),
    dead("RATE_LIMIT_PER_MINUTE", kRate),
    // Storage.
    gone("CONVERSATION_STORAGE_BACKEND", kStorage),
    gone("REDIS_URL", kStorage),
    gone("SUPABASE_ANON_KEY", kStorage),
    gone("SUPABASE_DB_URL", kStorage),
    gone("SUPABASE_JWT_SECRET", kStorage),
    gone("SUPABASE_KEY", kStorage),
    gone("SUPABASE_PROJECT_ID", kStorage),
    gone("SUPABASE_SERVICE_ROLE_KEY", kStorage),
    gone("SUPABASE_URL", kStorage),
    gone("MESSAGE_BUS_CHECKSUM_ENABLED", kStorage),
    gone("MESSAGE_BUS_COMPRESSION", kStorage),
    gone("MESSAGE_BUS_ENABLED", kStorage),
    gone("MESSAGE_BUS_MAX_PAYLOAD_MB", kStorage),
    gone("MESSAGE_BUS_TTL_HOURS", kStorage),
    gone("UPLOAD_FILES_IMMEDIATELY", kStorage),
    // Logs and metrics.
    gone("ACTIVITY_LOG", kLog),
    gone("ACTIVITY_SINCE_UNTIL_ENABLED", kLog),
    gone("ACTIVITY_STRUCTURED_OUTPUT_ENABLED", kLog),
    gone("AGENTIC_ENABLE_LOGGING", kLog),
    gone("EX_ACTIVITY_LOG_PATH", kLog),
    gone("EX_MIRROR_ACTIVITY_TO_JSONL", kLog),
    gone("EX_SERVER_LOG_PATH", kLog),
    gone("EX_TOOLCALL_LOG_LEVEL", kLog),
    gone("EX_TOOLCALL_LOG_PATH", kLog),
    gone("EX_MCP_BOOTSTRAP_DEBUG", kLog),
    gone("EX_MCP_STDERR_BREADCRUMBS", kLog),
    gone("EXAI_TOOLCALL_LOG_RAW_FULL", kLog),
    gone("EXAI_TOOLCALL_PREVIEW_MAX_CHARS", kLog),
    gone("EXAI_TOOLCALL_SUMMARY_MAX_WORDS", kLog),
    gone("KIMI_TOOLTRACE", kLog),
    gone("ROUTEPLAN_LOG_DIR", kLog),
    gone("ROUTER_LOG_LEVEL", kLog),
    gone("TELEMETRY_LOG_DIR", kLog),
    gone("EX_TOOLCALL_REDACTION", kRedaction),
    gone("EX_METRICS_LOG_PATH", kMetrics),
    gone("METRICS_JSON_ENABLED", kMetrics),
    gone("METRICS_JSON_ENDPOINT_ENABLED", kMetrics),
    gone("METRICS_JSON_PORT", kMetrics),
    gone("METRICS_PORT", kMetrics),
    gone("METRICS_WINDOW_SIZE", kMetrics),
    gone("PERFORMANCE_METRICS_ENABLED", kMetrics),
    gone("PROMETHEUS_ENABLED", kMetrics),
    gone("EX_ALWAYS_TOOLCALL_METADATA", kMetadata),
    gone("DIAGNOSTICS", kDiagnostics),
    // Times that nothing is left of.
    dead("DAEMON_TIMEOUT_SECS", kDeadline),
    dead("TOOL_TIMEOUT_SECS", kDeadline),
    dead("SIMPLE_TOOL_TIMEOUT_SECS", kDeadline),
    dead("REQUEST_TIMEOUT", kDeadline),
    dead("EX_TOOL_TIMEOUT_SECONDS", kDeadline),
    dead("EX_WATCHDOG_ERROR_SECONDS", kDeadline),
    dead("EX_WATCHDOG_WARN_SECONDS", kDeadline),
    gone("WATCHDOG_ENABLED", kDeadline),
    dead("WATCHDOG_TIMEOUT", kDeadline),
    gone("THINKDEEP_EXPERT_TIMEOUT_SECS", kDeadline),
    dead("EXAI_WS_EXPERT_SOFT_DEADLINE_SECS", kDeadline),
    gone("EXAI_WS_EXPERT_MICROSTEP", kDeadline),
    dead("EXAI_WS_EXPERT_KEEPALIVE_MS", kHeartbeat),
    dead("EXPERT_HEARTBEAT_INTERVAL_SECS", kHeartbeat),
    dead("EX_HEARTBEAT_SECONDS", kHeartbeat),
    dead("HEARTBEAT_INTERVAL", kHeartbeat),
    gone("THINKDEEP_HEARTBEAT_INTERVAL_SECS", kHeartbeat),
    gone("CUSTOM_POOL_TIMEOUT", kAttempt),
    gone("CUSTOM_READ_TIMEOUT", kAttempt),
    gone("CUSTOM_WRITE_TIMEOUT", kAttempt),
    gone("KIMI_POOL_TIMEOUT_SECS", kAttempt),
    gone("KIMI_READ_TIMEOUT_SECS", kAttempt),
    gone("KIMI_WRITE_TIMEOUT_SECS", kAttempt),
    gone("EX_HTTP_TIMEOUT_SECONDS", kAttempt),
    dead("HTTP_CLIENT_TIMEOUT_SECS", kAttempt),
    gone("GLM_WEBSEARCH_TIMEOUT_SECS", kAttempt),
    dead("KIMI_WEB_SEARCH_TIMEOUT_SECS", kAttempt),
    // Models and routes.
    dead("AI_MANAGER_MODEL", kRouting),
    gone("ENABLE_INTELLIGENT_SELECTION", kRouting),
    gone("FAST_MODEL_DEFAULT", kRouting),
    gone("LONG_MODEL_DEFAULT", kRouting),
    gone("HIDDEN_MODEL_ROUTER_ENABLED", kRouting),
    dead("INTELLIGENT_ROUTING_ENABLED", kRouting),
    gone("ROUTER_DIAGNOSTICS_ENABLED", kRouting),
    dead("ROUTER_ENABLED", kRouting),
    gone("ROUTER_PREFLIGHT_CHAT", kRouting),
    gone("ROUTER_SENTINEL_MODELS", kRouting),
    gone("THINK_ROUTING_ENABLED", kRouting),
    gone("EX_AUTO_MODE", kRouting),
    gone("GLM_FAST_MODEL", kRouting),
    gone("GLM_FLASH_MODEL", kRouting),
    gone("SUGGEST_TOOL_ALIASES", kRouting),
    dead("COST_AWARE_ROUTING", kCost),
    gone("COST_AWARE_ROUTING_ENABLED", kCost),
    gone("FREE_MODEL_LIST", kCost),
    gone("FREE_TIER_PREFERENCE_ENABLED", kCost),
    gone("MAX_COST_PER_REQUEST", kCost),
    gone("MODEL_COSTS_JSON", kCost),
    gone("MODEL_METADATA_JSON", kCatalogue),
    dead("ENABLE_FALLBACK", kFallback),
    gone("FALLBACK_ATTEMPT_TIMEOUT_SECS", kFallback),
    dead("MAX_RETRIES", kRetries),
    gone("HEALTH_CHECKS_ENABLED", kHealth),
    gone("HEALTH_LOG_ONLY", kHealth),
    dead("VALIDATE_API_KEYS", kKeyCheck),
    gone("DEFAULT_MAX_OUTPUT_TOKENS", kTokens),
    gone("ENFORCE_MAX_TOKENS", kTokens),
    gone("GLM_MAX_OUTPUT_TOKENS", kTokens),
    gone("KIMI_MAX_OUTPUT_TOKENS", kTokens),
    gone("MAX_MCP_OUTPUT_TOKENS", kOutput),
    gone("USE_ASYNC_PROVIDERS", kAsync),
    gone("SYNTHESIS_ENABLED", kSynthesis),
    gone("SYNTHESIS_MODEL", kSynthesis),
    gone("EMBEDDINGS_PROVIDER", kEmbeddings),
    gone("EXTERNAL_EMBEDDINGS_URL", kEmbeddings),
    gone("GLM_EMBEDDINGS_BASE_URL", kEmbeddings),
    gone("GLM_EMBED_MODEL", kEmbeddings),
    gone("KIMI_EMBED_MODEL", kEmbeddings),
    // What providers do.
    gone("CLAUDE_DEFAULT_THINKING_MODE", kThinking),
    gone("CLIENT_DEFAULT_THINKING_MODE", kThinking),
    gone("DEFAULT_THINKING_MODE_THINKDEEP", kThinking),
    gone("EXPERT_ANALYSIS_THINKING_MODE", kThinking),
    gone("GLM_THINKING_MODE", kThinking),
    gone("KIMI_EXTRACT_REASONING", kThinking),
    gone("CLAUDE_DEFAULTS_USE_WEBSEARCH", kSearch),
    gone("CLIENT_DEFAULTS_USE_WEBSEARCH", kSearch),
    gone("ENABLE_SMART_WEBSEARCH", kSearch),
    gone("EX_WEBSEARCH_DEFAULT_ON", kSearch),
    gone("GLM_ENABLE_WEB_BROWSING", kSearch),
    gone("KIMI_ENABLE_INTERNET_SEARCH", kSearch),
    gone("KIMI_ENABLE_INTERNET_TOOL", kSearch),
    dead("WEB_SEARCH_PROVIDER", kSearch),
    gone("GLM_ACCEPT_LANGUAGE", kSearch),
    gone("GLM_WEBSEARCH_COUNT", kSearch),
    gone("GLM_WEBSEARCH_DOMAIN_FILTER", kSearch),
    gone("GLM_WEBSEARCH_RECENCY", kSearch),
    gone("BING_SEARCH_API_KEY", kEngines),
    gone("SEARCH_BACKEND", kEngines),
    gone("TAVILY_API_KEY", kEngines),
    gone("KIMI_CACHE_TOKEN_LRU_MAX", kVendorCache),
    gone("KIMI_CACHE_TOKEN_TTL_SECS", kVendorCache),
    gone("KIMI_STREAM_PRIME_CACHE", kVendorCache),
    gone("KIMI_MAX_HEADER_LEN", kVendorCache),
    // Tools of one vendor.
    gone("GLM_MF_CHAT_TIMEOUT_SECS", kToolTime),
    gone("KIMI_CHAT_TOOL_TIMEOUT_SECS", kToolTime),
    gone("KIMI_CHAT_TOOL_TIMEOUT_WEB_SECS", kToolTime),
    gone("KIMI_MF_CHAT_TIMEOUT_SECS", kToolTime),
    gone("KIMI_STREAM_TIMEOUT_SECS", kToolTime),
    gone("GLM_TOOL_STREAM_ENABLED", kStreamed),
    gone("KIMI_CHAT_STREAM_DEFAULT", kStreamed),
    gone("KIMI_STREAM_ENABLED", kStreamed),
    gone("KIMI_DEFAULT_TOOL_CHOICE", kToolChoice),
    gone("KIMI_INTENT_MAX_TOKENS", kIntent),
    gone("GLM_AGENT_API_URL", kAgents),
    gone("FILECACHE_ENABLED", kUploads),
    gone("FILECACHE_PATH", kUploads),
    gone("FILECACHE_TTL_SECS", kUploads),
    dead("FILE_PROCESSING_PROVIDER", kUploads),
    gone("KIMI_FILES_FETCH_BACKOFF", kUploads),
    gone("KIMI_FILES_FETCH_INITIAL_DELAY", kUploads),
    gone("KIMI_FILES_FETCH_RETRIES", kUploads),
    gone("KIMI_FILES_FETCH_TIMEOUT_SECS", kUploads),
    gone("KIMI_FILES_MAX_PARALLEL", kUploads),
    gone("KIMI_FILES_PARALLEL_UPLOADS", kUploads),
    gone("GLM_FILES_MAX_SIZE_MB", kFileSizes),
    gone("KIMI_FILES_BEHAVIOR_ON_OVERSIZE", kFileSizes),
    gone("KIMI_FILES_MAX_SIZE_MB", kFileSizes),
    // What tools do.
    gone("CLAUDE_MAX_WORKFLOW_STEPS", kAgent),
    gone("CLIENT_MAX_WORKFLOW_STEPS", kAgent),
    gone("EX_AUTOCONTINUE_MAX_STEPS", kAgent),
    gone("EX_AUTOCONTINUE_ONLY_THINKDEEP", kAgent),
    gone("EX_AUTOCONTINUE_WORKFLOWS", kAgent),
    gone("DEFAULT_USE_ASSISTANT_MODEL", kExpert),
    gone("EXPERT_ANALYSIS_AUTO_UPGRADE", kExpert),
    gone("EXPERT_ANALYSIS_ENABLED", kExpert),
    gone("THINKDEEP_USE_ASSISTANT_MODEL_DEFAULT", kExpert),
    gone("EXPERT_ANALYSIS_INCLUDE_FILES", kExpertFiles),
    gone("EXPERT_ANALYSIS_MAX_FILE_COUNT", kExpertFiles),
    gone("EXPERT_ANALYSIS_MAX_FILE_SIZE_KB", kExpertFiles),
    gone("ENABLE_CONSENSUS_AUTOMODE", kConsensus),
    gone("MAX_CONSENSUS_MODELS", kConsensus),
    gone("MIN_CONSENSUS_MODELS", kConsensus),
    gone("DATE_FORMAT", kDate),
    gone("INJECT_CURRENT_DATE", kDate),
    gone("STRICT_LEAN", kLean),
    gone("CLAUDE_TOOL_ALLOWLIST", kAllow),
    gone("CLIENT_TOOL_ALLOWLIST", kAllow),
    // Files.
    gone("SECURE_INPUTS_ENFORCED", kAlways),
    gone("STRICT_FILE_SIZE_REJECTION", kAlways),
    gone("EX_ALLOWED_EXTERNAL_PREFIXES", kRoots),
    gone("EX_ALLOW_EXTERNAL_PATHS", kRoots),
    gone("TEST_FILES_DIR", kRoots),
    gone("ANALYZE_ALLOW_DEFAULT_ROOT", kPaths),
    gone("EX_ALLOW_RELATIVE_PATHS", kPaths),
};

}  // namespace

std::span<const EnvVariable> env_gone_variables() {
  return kRows;
}

}  // namespace toolpost
