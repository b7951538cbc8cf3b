using System.Buffers.Text;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using FilterProxy.Filters.Keys;
using FilterProxy.Filters.Resp;
using Microsoft.Extensions.Logging;

namespace FilterProxy.Filters.Jail;

/// <summary>Keeps clients out for a while that have offended again and again, and says why.</summary>
[Component("jail")]
public sealed partial class JailFilter : IRequestFilter, ILoggingFilter, IConnectionFilter, IConnectionLoggingFilter, IStartable, IAdminView, IAdminAction, IDisposable
{
    private const string Reason = "jailed";
    private static readonly byte[] Body = "Forbidden (jailed)\n"u8.ToArray();
    private static readonly byte[] TrapBody = "Not found (honeypot)\n"u8.ToArray();

    private readonly JailOptions _options;
    private readonly ComponentContext _context;
    private readonly TimeProvider _time;
    private readonly KeyReader _reader;
    private readonly Offence[] _offences;
    private readonly Offence? _handshake;
    private readonly IPNetwork[] _never;
    private readonly byte[]? _challenge;
    private readonly JailState _state;
    private readonly SharedBans? _shared;
    private readonly JailAdmin _admin;
    private JailMetrics? _metrics;

    /// <summary>Creates one.</summary>
    public JailFilter(JailOptions options, ComponentContext context)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(context);
        _options = options;
        _context = context;
        _time = context.Time;
        _reader = new KeyReader(new KeyRule(options.Key, Missing: options.Missing, Ipv4Prefix: options.Ipv4Prefix, Ipv6Prefix: options.Ipv6Prefix));
        _offences = [.. options.Offences.OrderByDescending(offence => offence.Weight).Select(offence => new Offence(offence))];
        _never = [.. options.Never];
        _challenge = options.Challenge is { } path ? Encoding.UTF8.GetBytes(path) : null;
        _state = options.Name is { } name ? context.Shared<NamedJails>().Of(name) : context.Store(static () => new JailState());
        _handshake = Array.Find(_offences, offence => offence.IsHandshake);
        if (options.Redis is { } redis)
        {
            _shared = new SharedBans(new RespClient(context.GetCluster(redis.Cluster), redis, context.Time, context.Logger), options, _state, context.Time, Now);
        }

        _admin = new JailAdmin(options, _state, _reader, _shared, context.Time, Now);
    }

    /// <inheritdoc/>
    public IReadOnlyList<AdminActionInfo> Actions => JailAdmin.Actions;

    /// <inheritdoc/>
    public async ValueTask StartAsync(CancellationToken stop)
    {
        _metrics = _state.Metrics ??= new JailMetrics(_context.Meter, _context.Place, _state);
        if (_shared is not null)
        {
            // Who is banned elsewhere is banned here from the first request on, where redis answers.
            await _shared.SyncAsync();
            _ = _shared.FollowAsync(stop);
        }
    }

    /// <inheritdoc/>
    public ValueTask<FilterStatus> OnRequestAsync(HttpExchange exchange)
    {
        if (!_state.HasBans || !SharedKey.TryRead(_reader, exchange, out KeyId id) || _state.Find(id, Now()) is not { } ban || IsFree(exchange))
        {
            return new(OnFree(exchange));
        }

        _metrics?.CountRefused();
        return new(_options.DryRun ? OnFree(exchange) : Refuse(exchange, ban));
    }

    /// <inheritdoc/>
    public void OnLogging(HttpExchange exchange)
    {
        if (exchange.Stats.Reason == Reason || Judge(exchange) is not { } offence || IsNever(exchange) || !SharedKey.TryRead(_reader, exchange, out SharedKey key))
        {
            return;
        }

        WriteDown(key, offence, ProofOf(exchange, offence));
    }

    /// <inheritdoc/>
    public void WriteView(Utf8JsonWriter writer) => _admin.WriteView(writer);

    /// <inheritdoc/>
    public ValueTask<AdminOutcome> RunAsync(string action, IReadOnlyDictionary<string, string> arguments, CancellationToken cancel) => _admin.RunAsync(action, arguments);

    /// <inheritdoc/>
    public void Dispose() => _shared?.Dispose();

    /// <summary>Puts an offence on a client's account, and bans it when that was one too many.</summary>
    private void WriteDown(in SharedKey key, Offence offence, string proof)
    {
        _metrics?.CountOffence(offence.Name);
        var now = Now();
        if (_state.Offend(key.Id, offence.Weight, proof, _options, now) is not { } record)
        {
            return;
        }

        var length = TimeSpan.FromTicks(Math.Min(_options.MaxBan.Ticks, _options.Ban.Ticks << Math.Min(record.Bans - 1, 16)));
        var ban = new Ban(key.Shown, key.Id, now + length.Ticks, _time.GetUtcNow() + length, offence.Name, record.Proof, key.Name);
        if (!_state.Add(ban, _options.MaxKeys, now))
        {
            return;
        }

        _metrics?.CountBan(offence.Name);
        if (_context.Logger.IsEnabled(LogLevel.Warning))
        {
            _context.Logger.LogWarning(
                "{Client} is banned until {Until:u} because of {Offence}: {Proof}", key.Shown, ban.Ends, offence.Name, string.Join("; ", ban.Proof));
        }

        if (_shared is not null)
        {
            _ = _shared.TellAsync(ban);
        }
    }

    private FilterStatus OnFree(HttpExchange exchange)
    {
        foreach (var offence in _offences)
        {
            if (offence.IsTrap(exchange.Request.Path))
            {
                exchange.Reply(404, "honeypot", TrapBody, "text/plain; charset=utf-8");
                return FilterStatus.Stop;
            }
        }

        return FilterStatus.Continue;
    }

    private FilterStatus Refuse(HttpExchange exchange, Ban ban)
    {
        switch (_options.Action)
        {
            case JailAction.Close:
                exchange.Abort(Reason);
                break;
            case JailAction.Challenge:
                exchange.Reply(302, "jailed");
                exchange.Response.Headers.Set(KnownHeader.Location, _challenge);
                exchange.Response.Headers.Set(KnownHeader.CacheControl, "no-store"u8);
                break;
            default:
                exchange.Reply(_options.Status, "jailed", Body, "text/plain; charset=utf-8");
                Span<byte> digits = stackalloc byte[20];
                Utf8Formatter.TryFormat(Math.Max(1, (ban.Until - Now()) / TimeSpan.TicksPerSecond), digits, out var length);
                exchange.Response.Headers.Set(KnownHeader.RetryAfter, digits[..length]);
                break;
        }

        return FilterStatus.Stop;
    }

    // The challenge itself must be within reach; and an operator's own networks are, whoever shares an address with them.
    private bool IsFree(HttpExchange exchange) => (_challenge is not null && exchange.Request.Path.StartsWith(_challenge)) || IsNever(exchange);

    private bool IsNever(HttpExchange exchange) => IsNever(exchange.Downstream.ClientAddress ?? exchange.Downstream.RemoteAddress);

    private bool IsNever(IPAddress? address)
    {
        if (_never.Length == 0 || address is null)
        {
            return false;
        }

        address = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        foreach (var network in _never)
        {
            if (network.Contains(address))
            {
                return true;
            }
        }

        return false;
    }

    // The heaviest comes first.
    private Offence? Judge(HttpExchange exchange)
    {
        foreach (var offence in _offences)
        {
            if (offence.Is(exchange))
            {
                return offence;
            }
        }

        return null;
    }

    private string ProofOf(HttpExchange exchange, Offence offence)
    {
        var path = exchange.Request.Path;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{_time.GetUtcNow():HH:mm:ss}Z {offence.Name}: {SharedKey.Plain(exchange.Request.Method)} {SharedKey.Plain(path.Length > 64 ? path[..64] : path)} {exchange.Response.StatusCode} {exchange.Stats.Reason}");
    }

    private long Now() => _time.GetElapsedTime(0, _time.GetTimestamp()).Ticks;
}
