using System.Net;
using System.Net.Http.Headers;
using System.Text;
using FilterProxy.Filters.Jose;
using FilterProxy.Filters.Text;

namespace FilterProxy.Filters.OAuth2Login.Provider;

/// <summary>
/// The OpenID provider as its client sees it: its description, read again in the background, its keys, and calls to it. While it is away, what is
/// known of it stays.
/// </summary>
internal sealed class OpenIdProvider : IAsyncDisposable
{
    private static readonly TimeSpan FirstRetry = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestRetry = TimeSpan.FromMinutes(1);

    private readonly ProviderOptions _options;
    private readonly ComponentContext _context;
    private readonly ProviderClient _client;
    private readonly RemoteKeys _keys;
    private readonly string? _secret;
    private readonly bool _forLogin;
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _first = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile ProviderFacts? _facts;
    private Task _running = Task.CompletedTask;

    /// <exception cref="ArgumentException">A file cannot be used, or there is no such cluster.</exception>
    public OpenIdProvider(ProviderOptions options, ComponentContext context, bool forLogin)
    {
        (_options, _context, _forLogin) = (options, context, forLogin);
        _secret = options.ClientSecretFile is { } file ? OptionFile.Read(context.UseFile(file), File.ReadAllText).Trim() : options.ClientSecret;
        if (_secret is { Length: 0 })
        {
            throw new ArgumentException("the client's secret is empty");
        }

        _client = ProviderClient.Create(context, options.Cluster, options.Ca);
        _keys = new RemoteKeys(
            options.Issuer, FetchKeysAsync, new RemoteKeysOptions { Refresh = options.DiscoveryRefresh, Timeout = options.Timeout }, context.Time, context.Logger);
    }

    /// <summary>What it says of itself; null while that was never heard.</summary>
    public ProviderFacts? Facts => _facts;

    /// <summary>Why it was not heard the last time; empty when it was.</summary>
    public string Problem { get; private set; } = "";

    public void Start(CancellationToken stop)
    {
        var linked = CancellationTokenSource.CreateLinkedTokenSource(stop, _stop.Token);
        _running = Task.Run(() => RunAsync(linked.Token), CancellationToken.None).ContinueWith(_ => linked.Dispose(), TaskScheduler.Default);
    }

    /// <summary>What it says of itself, waited for at most as long as one call may take; null when it was not heard by then.</summary>
    public async ValueTask<ProviderFacts?> FindAsync(CancellationToken cancel)
    {
        if (_facts is null && Problem.Length == 0)
        {
            await _first.Task.WaitAsync(_options.Timeout, _context.Time, cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        return _facts;
    }

    /// <summary>Asks for tokens.</summary>
    /// <param name="grant">The parameters of the grant.</param>
    public async Task<TokenAnswer> AskTokensAsync(IEnumerable<KeyValuePair<string, string>> grant)
    {
        var (answer, problem) = await PostAsync(_facts?.Token, grant);
        return answer is var (status, body) && problem.Length == 0 ? TokenAnswer.Read(status, body) : TokenAnswer.Failed(problem);
    }

    /// <summary>Asks whether an opaque token holds (RFC 7662 §2).</summary>
    /// <returns>The answer, a JSON object; else why there is none.</returns>
    public async Task<(byte[]? Body, string Problem)> IntrospectAsync(string token)
    {
        var (answer, problem) = await PostAsync(_facts?.Introspection, [new("token", token), new("token_type_hint", "access_token")]);
        return answer is not var (status, body) || problem.Length > 0 ? (null, problem)
            : status == HttpStatusCode.OK ? (body, "") : (null, $"it answered {(int)status}");
    }

    /// <summary>Takes a refresh token back (RFC 7009). Whether that worked is nobody's concern but the log's.</summary>
    public async Task RevokeAsync(string token)
    {
        if (_facts?.Revocation is { } url)
        {
            var (answer, problem) = await PostAsync(url, [new("token", token), new("token_type_hint", "refresh_token")]);
            problem = problem.Length > 0 || answer is not var (status, _) || status == HttpStatusCode.OK ? problem : $"it answered {(int)status}";
            if (problem.Length > 0)
            {
                Log.NotRevoked(_context.Logger, _options.Issuer, problem);
            }
        }
    }

    /// <summary>Reads the user's claims (OpenID Connect Core §5.3).</summary>
    /// <returns>A JSON object; else why there is none.</returns>
    public async Task<(byte[]? Body, string Problem)> AskUserAsync(string accessToken)
    {
        if (_facts?.Userinfo is not { } url)
        {
            return (null, "the provider tells no userinfo_endpoint");
        }

        using var request = _client.CreateRequest(HttpMethod.Get, url);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", accessToken);
        var (answer, problem) = await SendAsync(request);
        return answer is not var (status, body) || problem.Length > 0 ? (null, problem)
            : status == HttpStatusCode.OK ? (body, "") : (null, $"userinfo answered {(int)status}");
    }

    /// <summary>Checks a token it signed; a key that is not known is asked for.</summary>
    /// <returns>The claims; else why it cannot be believed.</returns>
    public async Task<(JwtClaims? Claims, string Problem)> ValidateAsync(string token, JwtRules rules)
    {
        var text = Encoding.ASCII.GetBytes(token);
        if (await _keys.GetAsync(_stop.Token) is not { } keys)
        {
            return (null, $"its keys are not known: {_keys.Problem}");
        }

        var claims = JwtValidator.Validate(text, keys, rules, _context.Time.GetUtcNow(), out var failure);
        if (failure.Error == JwtError.UnknownKey && await _keys.RenewAsync(keys, _stop.Token) is { } renewed)
        {
            claims = JwtValidator.Validate(text, renewed, rules, _context.Time.GetUtcNow(), out failure);
        }

        return (claims, claims is null ? failure.Detail : "");
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        _client.Dispose();
    }

    private async Task RunAsync(CancellationToken stop)
    {
        var keys = _forLogin ? _keys.RunAsync(stop) : Task.CompletedTask;
        var failures = 0;
        while (!stop.IsCancellationRequested)
        {
            var heard = await DiscoverAsync(stop);
            failures = heard ? 0 : failures + 1;
            var wait = heard ? _options.DiscoveryRefresh : FirstRetry * Math.Pow(2, Math.Min(failures - 1, 6));
            await Task.Delay(heard || wait < LongestRetry ? wait : LongestRetry, _context.Time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await keys;
    }

    private async Task<bool> DiscoverAsync(CancellationToken stop)
    {
        var problem = "";
        try
        {
            using var limit = new CancellationTokenSource(_options.Timeout, _context.Time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, stop);
            _facts = new ProviderFacts(await OidcMetadata.FetchAsync(_client, _options.Issuer, either.Token), _forLogin);
        }
        catch (OperationCanceledException)
        {
            problem = $"no answer within {_options.Timeout.TotalSeconds:0.#} s";
        }
        catch (Exception e) when (e is HttpRequestException or IOException or InvalidDataException or UpstreamException)
        {
            problem = e.Message;
        }

        if (problem != Problem && !stop.IsCancellationRequested)
        {
            if (problem.Length > 0)
            {
                Log.NotHeard(_context.Logger, _options.Issuer, problem, _facts is null ? "Nobody can log in" : "What it said before is used");
            }
            else
            {
                Log.Heard(_context.Logger, _options.Issuer);
            }
        }

        Problem = problem;
        _first.TrySetResult();
        return problem.Length == 0;
    }

    private async Task<byte[]> FetchKeysAsync(CancellationToken cancel)
    {
        var facts = await FindAsync(cancel);
        return facts?.Keys is { } url ? await _client.GetAsync(url, cancel) : throw new InvalidDataException("the provider was not heard yet");
    }

    private async Task<((HttpStatusCode Status, byte[] Body)? Answer, string Problem)> PostAsync(Uri? url, IEnumerable<KeyValuePair<string, string>> fields)
    {
        if (url is null)
        {
            return (null, "the provider was not heard yet");
        }

        using var request = _client.CreateRequest(HttpMethod.Post, url);
        var how = _options.ClientAuthentication == ClientAuthentication.Auto
            ? _secret is null ? ClientAuthentication.None : ClientAuthentication.Basic
            : _options.ClientAuthentication;
        if (how == ClientAuthentication.Basic)
        {
            // RFC 6749 §2.3.1: both are encoded as in a form first.
            var pair = $"{WebUtility.UrlEncode(_options.ClientId)}:{WebUtility.UrlEncode(_secret)}";
            request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(pair)));
        }
        else
        {
            fields = fields.Append(new("client_id", _options.ClientId));
            fields = how == ClientAuthentication.Post ? fields.Append(new("client_secret", _secret!)) : fields;
        }

        request.Content = new FormUrlEncodedContent(fields);
        return await SendAsync(request);
    }

    private async Task<((HttpStatusCode Status, byte[] Body)? Answer, string Problem)> SendAsync(HttpRequestMessage request)
    {
        try
        {
            using var limit = new CancellationTokenSource(_options.Timeout, _context.Time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, _stop.Token);
            return (await _client.SendAsync(request, either.Token), "");
        }
        catch (OperationCanceledException)
        {
            return (null, $"no answer within {_options.Timeout.TotalSeconds:0.#} s");
        }
        catch (Exception e) when (e is HttpRequestException or IOException or InvalidDataException or UpstreamException)
        {
            return (null, e.Message);
        }
    }
}
