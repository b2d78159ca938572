// The configuration of a server with one provider, named "upstream", that offers the model "m".
export const providerConfig = (url, { provider = '', rest = '' } = {}) => `
[retry]
backoff_base_ms = 1
backoff_max_ms = 2

[providers.upstream]
base_url = "${url}/v1"
models = ["m"]
${provider}

${rest}`;
