using System.Text;
using System.Text.Json;
using FilterProxy.Filters.Auth;
using FilterProxy.Filters.Resp;

namespace FilterProxy.Filters.ApiKey;

/// <summary>Lets in programs that show a key, and tells the upstream and other filters whose it is.</summary>
[Component("api_key")]
public sealed class ApiKeyFilter : IRequestFilter, IAdminView, IDisposable
{
    private const string Namespace = "api_key";
    private const string TextType = "text/plain; charset=utf-8";
    private const int MostShown = 1000;
    private const int Shortest = 16;
    private static readonly byte[] Unauthorized = "Unauthorized\n"u8.ToArray(), Forbidden = "Forbidden\n"u8.ToArray(), BadRequest = "Bad Request\n"u8.ToArray(),
        Unavailable = "Service Unavailable\n"u8.ToArray();

    private readonly ApiKeyOptions _options;
    private readonly KeyTable _keys;
    private readonly RedisKeys? _redis;
    private readonly CredentialPlaces _places;
    private readonly DenialLog _log;
    private readonly ApiKeyMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly byte[] _ownerHeader;
    private readonly byte[] _challenge;

    /// <summary>Reads the keys.</summary>
    /// <exception cref="ArgumentException">A key is wrong, or there twice.</exception>
    public ApiKeyFilter(ApiKeyOptions options, ComponentContext context)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(context);
        _options = options;
        _time = context.Time;
        _keys = new KeyTable(options.Keys.Select(entry => (entry, "keys")).Concat(options.KeysFile is { } file ? KeyTable.Read(context.UseFile(file)) : []));
        _redis = options.Redis is { } redis
            ? new RedisKeys(new RespClient(context.GetCluster(redis.Cluster), redis, context.Time, context.Logger), options.RedisPrefix, options.RedisRemember, context.Time)
            : null;
        _places = new CredentialPlaces(options.Header, options.Scheme, options.Cookie, options.Query);
        _log = new DenialLog(context.Logger, context.Time);
        _metrics = new ApiKeyMetrics(context.Meter);
        _ownerHeader = Encoding.ASCII.GetBytes(options.OwnerHeader);
        _challenge = Encoding.ASCII.GetBytes($"ApiKey realm=\"{options.Realm}\"");
    }

    /// <inheritdoc/>
    public ValueTask<FilterStatus> OnRequestAsync(HttpExchange exchange)
    {
        if (_ownerHeader.Length > 0)
        {
            exchange.Request.Headers.Remove(_ownerHeader);
        }

        var found = _places.Find(exchange.Request, out var text);
        if (found != CredentialFound.One)
        {
            return new(found == CredentialFound.Several ? Refuse(exchange, "api_key_several", 400, BadRequest, "it has more than one key") : Without(exchange));
        }

        // So short a key could be guessed, and its hash undone: none is known by mistake.
        if (text.Length < Shortest)
        {
            return new(Check(exchange, null));
        }

        var digest = KeyDigest.Of(text);
        var key = _keys.Find(digest) ?? _redis?.Find(digest);
        return key is null && _redis is not null ? FetchAsync(exchange, digest) : new(Check(exchange, key));
    }

    /// <inheritdoc/>
    public void Dispose() => _redis?.Dispose();

    /// <inheritdoc/>
    public void WriteView(Utf8JsonWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        var now = _time.GetUtcNow();
        writer.WriteStartObject();
        writer.WriteNumber("count", _keys.All.Count);
        writer.WriteStartArray("keys");
        foreach (var key in _keys.All.Take(MostShown))
        {
            writer.WriteStartObject();
            writer.WriteString("id", key.Id);
            writer.WriteString("owner", key.Owner);
            writer.WriteString("state", now >= key.Ends ? "expired" : now < key.Begins ? "to come" : "valid");
            if (key.Ends < DateTimeOffset.MaxValue)
            {
                writer.WriteString("expires", key.Ends);
            }

            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private async ValueTask<FilterStatus> FetchAsync(HttpExchange exchange, KeyDigest digest)
    {
        var (key, problem) = await _redis!.FetchAsync(digest);
        return problem.Length > 0 ? Refuse(exchange, "api_key_unavailable", 503, Unavailable, problem) : Check(exchange, key);
    }

    private FilterStatus Check(HttpExchange exchange, KnownKey? key)
    {
        if (key is null)
        {
            return Refuse(exchange, "api_key_unknown", 401, Unauthorized, "nobody has such a key");
        }

        var now = _time.GetUtcNow();
        if (now >= key.Ends)
        {
            return Refuse(exchange, "api_key_expired", 401, Unauthorized, $"the key '{key.Id}' ended {key.Ends:u}");
        }

        if (now < key.Begins)
        {
            return Refuse(exchange, "api_key_not_yet_valid", 401, Unauthorized, $"the key '{key.Id}' begins {key.Begins:u}");
        }

        for (var i = 0; i < _options.Scopes.Count; i++)
        {
            if (!key.Scopes.Contains(_options.Scopes[i]))
            {
                return Refuse(exchange, "api_key_insufficient_scope", 403, Forbidden, $"the key '{key.Id}' lacks the scope '{_options.Scopes[i]}'");
            }
        }

        _metrics.CountAdmitted();
        Admit(exchange, key);
        return FilterStatus.Continue;
    }

    private void Admit(HttpExchange exchange, KnownKey key)
    {
        exchange.User = key.User;
        var metadata = exchange.Metadata;
        metadata[Namespace, "owner"] = key.Owner;
        metadata[Namespace, "id"] = key.Id;
        foreach (var (name, value) in key.Claims)
        {
            metadata[Namespace, name] = value;
        }

        if (_ownerHeader.Length > 0)
        {
            exchange.Request.Headers.Set(_ownerHeader, key.OwnerBytes);
        }

        if (!_options.Forward)
        {
            _places.Remove(exchange.Request);
        }
    }

    private FilterStatus Without(HttpExchange exchange)
    {
        _metrics.CountAbsent();
        if (_options.Optional)
        {
            return FilterStatus.Continue;
        }

        exchange.Reply(401, "api_key_missing", Unauthorized, TextType);
        exchange.Response.Headers.Set(KnownHeader.WWWAuthenticate, _challenge);
        return FilterStatus.Stop;
    }

    private FilterStatus Refuse(HttpExchange exchange, string reason, int status, byte[] body, string detail)
    {
        _metrics.CountRefused();
        exchange.Reply(status, reason, body, TextType);
        if (status == 401)
        {
            exchange.Response.Headers.Set(KnownHeader.WWWAuthenticate, _challenge);
        }

        _log.Write(exchange, reason, detail);
        return FilterStatus.Stop;
    }
}
