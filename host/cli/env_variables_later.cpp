// Those of the predecessor's last release and of its relative PAL which have nothing here, by topic.
#include "cli/env_variables.hpp"

namespace toolpost {
namespace {

constexpr std::string_view kMonitoring =
    "nothing monitors the host from within: `toolpost status` and its metrics do it from outside";
constexpr std::string_view kMetrics =
    "metrics are always counted, none is sampled; `toolpost status --metrics` prints them";
constexpr std::string_view kLog =
    "one log of JSON lines for each host in the state folder, not sampled; log.level and log.file are its "
    "settings";
constexpr std::string_view kRebuilding = "it steered the predecessor's own rebuilding";
constexpr std::string_view kDaemon =
    "there is no daemon and no port: each client starts `toolpost serve` over stdin and stdout";
constexpr std::string_view kLogin =
    "nobody logs in: stdin and stdout belong to the client that started the host";
constexpr std::string_view kRate = "admission bounds what runs at once; there are no rates and no addresses";
constexpr std::string_view kSession =
    "there are no sessions: calls have deadlines from [ceilings], threads last store.thread_ttl_ms";
constexpr std::string_view kStorage =
    "threads and journals are in SQLite in store.state_dir; nothing else can hold them";
constexpr std::string_view kNoCache = "no answer and no route is kept for a second asking";
constexpr std::string_view kUploads =
    "a file is sent anew each time, within files.total_bytes_max of a call; none is downloaded or kept";
constexpr std::string_view kBreaker = "the breaker lets one probe through, and opens by failures alone";
constexpr std::string_view kPauses = "a pause always doubles and is always jittered";
constexpr std::string_view kDeadline = "every call has a deadline from [ceilings], which does not adapt";
constexpr std::string_view kMinimax =
    "there is no plugin for MiniMax; a [providers.NAME] with its OpenAI-compatible base_url may do";
constexpr std::string_view kStreams = "a stream is bounded by http.body_bytes_max";
constexpr std::string_view kHistory =
    "earlier turns are shown to a model as far as they fit its budget of tokens";
constexpr std::string_view kAgents = "no tool starts another agent's program";
constexpr std::string_view kEnvironment = "Toolpost reads no .env file: TOOLPOST_ variables win over files";

constexpr EnvVariable gone(std::string_view name, std::string_view why) {
  return {name, EnvFate::gone, "", EnvForm::none, why};
}

constexpr EnvVariable kRows[] = {
    // Monitoring and logs.
    gone("ADAPTER_REALTIME_ERROR_THRESHOLD", kMonitoring),
    gone("ADAPTER_REALTIME_LATENCY_THRESHOLD_MS", kMonitoring),
    gone("ADAPTER_WEBSOCKET_ERROR_THRESHOLD", kMonitoring),
    gone("ADAPTER_WEBSOCKET_LATENCY_THRESHOLD_MS", kMonitoring),
    gone("EXAI_HEALTH_WRITER_INTERVAL", kMonitoring),
    gone("EXAI_HEALTH_WRITER_SESSION_LOCK_TIMEOUT", kMonitoring),
    gone("EXAI_MEMORY_COLLECTION_INTERVAL", kMonitoring),
    gone("EXAI_MEMORY_CRITICAL_THRESHOLD", kMonitoring),
    gone("EXAI_MEMORY_HISTORY_SIZE", kMonitoring),
    gone("EXAI_MEMORY_LEAK_THRESHOLD_MB_PER_HOUR", kMonitoring),
    gone("EXAI_MEMORY_WARNING_THRESHOLD", kMonitoring),
    gone("EXAI_SEMAPHORE_HEALTH_CHECK_INTERVAL", kMonitoring),
    gone("MONITORING_ADAPTER_TYPE", kMonitoring),
    gone("MONITORING_DUAL_MODE", kMonitoring),
    gone("MONITORING_ENABLE_VALIDATION", kMonitoring),
    gone("MONITORING_USE_ADAPTER", kMonitoring),
    gone("MONITORING_USE_REALTIME", kMonitoring),
    gone("EXAI_DEV_MODE", kMonitoring),
    gone("METRICS_ADAPTIVE_SAMPLING", kMetrics),
    gone("METRICS_BUFFER_SIZE", kMetrics),
    gone("METRICS_ENABLE_META", kMetrics),
    gone("METRICS_FLUSH_INTERVAL", kMetrics),
    gone("METRICS_MAX_SAMPLE_RATE", kMetrics),
    gone("METRICS_MIN_SAMPLE_RATE", kMetrics),
    gone("METRICS_PERSISTER_CIRCUIT_BREAKER_THRESHOLD", kMetrics),
    gone("METRICS_PERSISTER_CIRCUIT_BREAKER_TIMEOUT", kMetrics),
    gone("METRICS_PERSISTER_RETRY_BACKOFF_FACTOR", kMetrics),
    gone("METRICS_PERSISTER_RETRY_MAX_ATTEMPTS", kMetrics),
    gone("METRICS_SAMPLE_RATE", kMetrics),
    gone("USE_PRODUCTION_METRICS", kMetrics),
    gone("ASYNC_LOGGING_ENABLED", kLog),
    gone("CLEANUP_SAMPLE_RATE", kLog),
    gone("ENABLE_DETAILED_LOGGING", kLog),
    gone("EXAI_ENVIRONMENT", kLog),
    gone("DOCKER_CONTAINER", kLog),
    gone("LOG_DIR", kLog),
    gone("LOG_LEVEL_REQUEST_ROUTER", kLog),
    gone("LOG_SAMPLE_RATE_REQUEST_ROUTER", kLog),
    gone("LOG_STRIPPING", kLog),
    gone("MSG_LOOP_SAMPLE_RATE", kLog),
    gone("OPENAI_DEBUG_LOGGING", kLog),
    gone("SAFE_SEND_SAMPLE_RATE", kLog),
    gone("SESSION_SAMPLE_RATE", kLog),
    gone("EX_DEBUG_PATH_CONVERSION", kLog),
    // Rebuilding.
    gone("DETECTION_MODE", kRebuilding),
    gone("DRY_RUN_MODE", kRebuilding),
    gone("DUAL_WRITE_CRITICAL_PERCENTAGE", kRebuilding),
    gone("DUAL_WRITE_DEBUG_PERCENTAGE", kRebuilding),
    gone("DUAL_WRITE_GLOBAL_OVERRIDE", kRebuilding),
    gone("DUAL_WRITE_PERFORMANCE_PERCENTAGE", kRebuilding),
    gone("DUAL_WRITE_SYSTEM_PERCENTAGE", kRebuilding),
    gone("DUAL_WRITE_USER_ACTIVITY_PERCENTAGE", kRebuilding),
    gone("ENABLE_FALLBACK_TO_LEGACY", kRebuilding),
    gone("ENABLE_KIMI_MIGRATION", kRebuilding),
    gone("ENABLE_SHADOW_MODE", kRebuilding),
    gone("ENABLE_SMART_HANDLER_MIGRATION", kRebuilding),
    gone("ENABLE_SUPABASE_MIGRATION", kRebuilding),
    gone("ENABLE_UNIFIED_MANAGER", kRebuilding),
    gone("KIMI_ROLLOUT_PERCENTAGE", kRebuilding),
    gone("MAX_RETRY_ATTEMPTS", kRebuilding),
    gone("SHADOW_MODE_COOLDOWN_MINUTES", kRebuilding),
    gone("SHADOW_MODE_DURATION_MINUTES", kRebuilding),
    gone("SHADOW_MODE_ERROR_THRESHOLD", kRebuilding),
    gone("SHADOW_MODE_INCLUDE_TIMING", kRebuilding),
    gone("SHADOW_MODE_MAX_SAMPLES_PER_MINUTE", kRebuilding),
    gone("SHADOW_MODE_MIN_SAMPLES", kRebuilding),
    gone("SHADOW_MODE_SAMPLE_RATE", kRebuilding),
    gone("SMART_HANDLER_ROLLOUT_PERCENTAGE", kRebuilding),
    gone("SUPABASE_ROLLOUT_PERCENTAGE", kRebuilding),
    // Connections and users.
    gone("EXAI_PORT_CHECK_TIMEOUT", kDaemon),
    gone("EXAI_WS_STARTUP_WAIT_PROVIDERS", kDaemon),
    gone("EXAI_WS_STARTUP_WAIT_TIMEOUT", kDaemon),
    gone("MAX_CONNECTIONS", kDaemon),
    gone("MAX_CONNECTIONS_PER_IP", kDaemon),
    gone("WS_CONNECT_TIMEOUT", kDaemon),
    gone("WS_MAX_SIZE", kDaemon),
    gone("WS_PORT", kDaemon),
    gone("EXAI_JWT_TOKEN_CLAUDE", kLogin),
    gone("JWT_ALGORITHM", kLogin),
    gone("JWT_AUDIENCE", kLogin),
    gone("JWT_GRACE_PERIOD_DAYS", kLogin),
    gone("JWT_ISSUER", kLogin),
    gone("JWT_SECRET_KEY", kLogin),
    gone("RATE_LIMIT_CLEANUP_INTERVAL", kRate),
    gone("RATE_LIMIT_CLEANUP_THRESHOLD", kRate),
    gone("RATE_LIMIT_GLOBAL_CAPACITY", kRate),
    gone("RATE_LIMIT_GLOBAL_REFILL_RATE", kRate),
    gone("RATE_LIMIT_IP_CAPACITY", kRate),
    gone("RATE_LIMIT_IP_REFILL_RATE", kRate),
    gone("RATE_LIMIT_USER_CAPACITY", kRate),
    gone("RATE_LIMIT_USER_REFILL_RATE", kRate),
    gone("ENFORCE_SESSION_TIMEOUT", kSession),
    gone("GLM_SESSION_TIMEOUT", kSession),
    gone("KIMI_SESSION_TIMEOUT", kSession),
    gone("SESSION_INACTIVE_TIMEOUT", kSession),
    gone("SESSION_MAX_CONCURRENT_PER_CONVERSATION", kSession),
    // Storage and caches.
    gone("CONVERSATION_QUEUE_SIZE", kStorage),
    gone("CONVERSATION_QUEUE_WARNING_THRESHOLD", kStorage),
    gone("ENABLE_REDIS_CACHE", kStorage),
    gone("ENABLE_SUPABASE_WRITE_CACHING", kStorage),
    gone("L1_CACHE_TTL_SECS", kStorage),
    gone("L2_CACHE_TTL_SECS", kStorage),
    gone("REDIS_BATCH_SIZE", kStorage),
    gone("REDIS_DB", kStorage),
    gone("REDIS_FLUSH_INTERVAL", kStorage),
    gone("REDIS_HOST", kStorage),
    gone("REDIS_PASSWORD", kStorage),
    gone("REDIS_PERSISTENCE_ENABLED", kStorage),
    gone("REDIS_PORT", kStorage),
    gone("REDIS_QUEUE_SIZE", kStorage),
    gone("REDIS_RETENTION_HOURS", kStorage),
    gone("SUPABASE_PROGRESS_INTERVAL", kStorage),
    gone("USE_ASYNC_SUPABASE", kStorage),
    gone("HYBRID_CACHE_TTL", kNoCache),
    gone("REGISTRY_CACHE_TTL", kNoCache),
    gone("ROUTING_CACHE_ENABLE_REDIS", kNoCache),
    gone("ROUTING_CACHE_FALLBACK_TTL_SECS", kNoCache),
    gone("ROUTING_CACHE_MODEL_TTL_SECS", kNoCache),
    gone("ROUTING_CACHE_PROVIDER_TTL_SECS", kNoCache),
    gone("SEMANTIC_CACHE_ENABLE_REDIS", kNoCache),
    gone("ASYNC_UPLOAD_ENABLED", kUploads),
    gone("ASYNC_UPLOAD_FALLBACK", kUploads),
    gone("ASYNC_UPLOAD_MAX_RETRIES", kUploads),
    gone("ASYNC_UPLOAD_ROLLOUT", kUploads),
    gone("ASYNC_UPLOAD_TIMEOUT", kUploads),
    gone("CLEANUP_INTERVAL_HOURS", kUploads),
    gone("DEDUPLICATION_CACHE_TTL", kUploads),
    gone("DEDUPLICATION_ENABLED", kUploads),
    gone("DEFAULT_USER_QUOTA_GB", kUploads),
    gone("ENABLE_DEDUPLICATION", kUploads),
    gone("EXAI_DOWNLOAD_DIR", kUploads),
    gone("EX_DRIVE_MAPPINGS", kUploads),
    gone("FILE_RETENTION_DAYS", kUploads),
    gone("MAX_CONCURRENT_UPLOADS", kUploads),
    gone("MAX_FILE_SIZE", kUploads),
    gone("MAX_FILE_SIZE_GLM", kUploads),
    gone("MAX_FILE_SIZE_KIMI", kUploads),
    gone("MAX_FILE_SIZE_MB", kUploads),
    gone("MAX_FILE_SIZE_PER_USER", kUploads),
    gone("PREFERRED_PROVIDER", kUploads),
    gone("PROVIDER_FILE_SIZE_THRESHOLD", kUploads),
    // Providers.
    gone("CIRCUIT_BREAKER_HALF_OPEN_MAX_CALLS", kBreaker),
    gone("CIRCUIT_BREAKER_LATENCY_MULTIPLIER", kBreaker),
    gone("CIRCUIT_BREAKER_RECOVERY_TIME_S", kBreaker),
    gone("CIRCUIT_BREAKER_SUCCESS_THRESHOLD", kBreaker),
    gone("RETRY_EXPONENTIAL_BASE", kPauses),
    gone("RETRY_JITTER", kPauses),
    gone("ADAPTIVE_TIMEOUT_ENABLED", kDeadline),
    gone("ADAPTIVE_TIMEOUT_MAX_DURATION", kDeadline),
    gone("HYBRID_FALLBACK_ENABLED", kMinimax),
    gone("MINIMAX_ENABLED", kMinimax),
    gone("MINIMAX_M2_KEY", kMinimax),
    gone("MINIMAX_RETRY", kMinimax),
    gone("MINIMAX_TIMEOUT", kMinimax),
    gone("STREAM_MAX_CHUNKS", kStreams),
    gone("STREAM_MAX_CONTENT_SIZE", kStreams),
    gone("MAX_MODEL_CONTEXT_TOKENS", kHistory),
    gone("MIN_MODEL_CONTEXT_TOKENS", kHistory),
    gone("MIN_TOKEN_THRESHOLD", kHistory),
    gone("STRIP_EMBEDDED_HISTORY", kHistory),
    gone("USE_MESSAGE_ARRAYS", kHistory),
    // PAL.
    gone("OPENAI_MODELS_CONFIG_PATH", kCatalogue),
    gone("GEMINI_MODELS_CONFIG_PATH", kCatalogue),
    gone("XAI_MODELS_CONFIG_PATH", kCatalogue),
    gone("OPENROUTER_MODELS_CONFIG_PATH", kCatalogue),
    gone("DIAL_MODELS_CONFIG_PATH", kCatalogue),
    gone("AZURE_MODELS_CONFIG_PATH", kCatalogue),
    gone("CUSTOM_MODELS_CONFIG_PATH", kCatalogue),
    gone("CLI_CLIENTS_CONFIG_PATH", kAgents),
    gone("PAL_MCP_FORCE_ENV_OVERRIDE", kEnvironment),
};

}  // namespace

std::span<const EnvVariable> env_later_variables() {
  return kRows;
}

}  // namespace toolpost
