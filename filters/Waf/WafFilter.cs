using System.Globalization;
using System.Text.Json;
using FilterProxy.Filters.Resp;
using FilterProxy.Filters.Text;
using FilterProxy.Filters.Waf.Auditing;
using FilterProxy.Filters.Waf.Collections;
using FilterProxy.Filters.Waf.Engine;
using FilterProxy.Filters.Waf.Language;
using FilterProxy.Filters.Waf.Operators;
using Microsoft.Extensions.Logging;

namespace FilterProxy.Filters.Waf;

/// <summary>A web application firewall: inspects requests and responses by rules in SecLang, such as the OWASP Core Rule Set.</summary>
[Component("waf")]
public sealed class WafFilter : IRequestFilter, IResponseFilter, ILoggingFilter, IStartable, IAdminView, IAsyncDisposable
{
    private readonly WafOptions _options;
    private readonly RuleSetCache.Entry _rules;
    private readonly Exclusion[] _exclusions;
    private readonly MediaTypes _streamed;
    private readonly WafState _state;
    private readonly Surroundings _around;
    private readonly WafMetrics _metrics;
    private readonly ComponentContext _context;
    private readonly Slot<Transaction> _slot;
    private AuditLog? _audit;

    /// <summary>Reads the rules.</summary>
    /// <exception cref="ArgumentException">A rule file cannot be used; the message says where.</exception>
    public WafFilter(WafOptions options, ComponentContext context)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(context);
        _options = options;
        _context = context;
        var files = new RuleFiles(context);
        files.Add(options.Directives);
        var book = RuleReader.Read(options.Rules.Select(rule => Path.GetFullPath(Path.Combine(context.ConfigDirectory, rule))), files, options.Directives);
        _rules = context.Shared<RuleSetCache>().Get(book, files);
        _exclusions = [.. options.Exclude.Select(exclusion => new Exclusion(exclusion, _rules.Set))];
        _streamed = new MediaTypes(options.StreamTypes);
        _state = context.Store(() => new WafState(context.Time));
        _metrics = new WafMetrics(context.Meter);
        _around = new Surroundings(_state.Persistent)
        {
            BlockLists = _state.BlockLists,
            Countries = options.Countries is { } countries ? ReadCountries(context.UseFile(countries)) : null,
            Shared = options.Redis is { } redis
                ? new SharedRecords(
                    new RespClient(context.GetCluster(redis.Cluster), redis, context.Time, context.Logger),
                    options.RedisPrefix, _rules.Set.Settings.CollectionTimeout, context.Time, _metrics.CountRecordFailure)
                : null,
        };
        _slot = context.CreateSlot<Transaction>("transaction");
    }

    /// <inheritdoc/>
    public ValueTask StartAsync(CancellationToken stop)
    {
        if (_options.AuditLog is { } log)
        {
            _audit = new AuditLog(Path.GetFullPath(Path.Combine(_context.ConfigDirectory, log.Path)), log.Format, _context.Meter);
        }

        return default;
    }

    /// <inheritdoc/>
    public async ValueTask<FilterStatus> OnRequestAsync(HttpExchange exchange)
    {
        if (_options.Sample < 100 && Random.Shared.Next(100) >= _options.Sample)
        {
            return FilterStatus.Continue;
        }

        try
        {
            return await InspectRequestAsync(exchange);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            return Fail(exchange, e) ? Refusal.OfFailure(exchange) : FilterStatus.Continue;
        }
    }

    /// <inheritdoc/>
    public async ValueTask OnResponseAsync(HttpExchange exchange)
    {
        if (exchange.Get(_slot) is not { Mode: not EngineMode.Off } transaction || IsDecided(transaction))
        {
            return;
        }

        try
        {
            await InspectResponseAsync(exchange, transaction);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            if (Fail(exchange, e))
            {
                Refusal.OfFailure(exchange);
            }
        }
    }

    /// <inheritdoc/>
    public void OnLogging(HttpExchange exchange)
    {
        if (exchange.Get(_slot) is not { } transaction)
        {
            return;
        }

        if (transaction.ValuesOf(Variable.ResponseStatus).Count == 0)
        {
            TransactionFeed.Response(transaction, exchange);
        }

        // Nobody waits here: what a rule would have to ask for is not known.
        while (transaction.Run(5) is not null)
        {
        }

        _metrics.CountExchange(transaction);
        _state.Note(transaction);
        foreach (var match in transaction.Matches)
        {
            _metrics.CountMatch(match);
        }

        if (_audit is { } audit && IsAudited(transaction, exchange.Response.StatusCode))
        {
            audit.Add(new AuditEntry(
                transaction, exchange.RouteName ?? "", exchange.Response.StatusCode, exchange.Downstream.RemotePort, transaction.Interception is not null));
        }
    }

    /// <inheritdoc/>
    public void WriteView(Utf8JsonWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.WriteStartObject();
        writer.WriteString("mode", IsBlocking ? "block" : "detect");
        writer.WriteNumber("rules", _rules.Set.All.Length);
        _state.WriteTo(writer, _options.Mode);
        writer.WriteEndObject();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_audit is not null)
        {
            await _audit.DisposeAsync();
        }

        _around.Shared?.Dispose();
    }

    private async ValueTask<FilterStatus> InspectRequestAsync(HttpExchange exchange)
    {
        var transaction = Begin(exchange);
        await RunAsync(transaction, 1);
        if (!IsDecided(transaction) && IsBodyInspected(transaction, exchange))
        {
            var result = await exchange.BufferRequestBodyAsync(transaction.RequestBodyLimit);
            if (result.Status == BufferStatus.Failed)
            {
                return FilterStatus.Continue;
            }

            var rejects = transaction.Settings.RequestBodyLimitAction == BodyLimitAction.Reject && transaction.Mode == EngineMode.On;
            if (!result.IsComplete)
            {
                transaction.SetFlag(Variable.InboundDataError);
                if (rejects)
                {
                    return Refusal.OfRequestBody(exchange);
                }
            }

            TransactionFeed.RequestBody(transaction, exchange, result.Body);
            if (transaction.IsTooLargeWithoutFiles && rejects)
            {
                return Refusal.OfRequestBody(exchange);
            }
        }

        await RunAsync(transaction, 2);
        TellOthers(transaction, exchange);
        return transaction.Interception is { } interception ? Refusal.Give(exchange, interception)
            : IsDecided(transaction) ? Refusal.OfFailure(exchange)
            : FilterStatus.Continue;
    }

    private async ValueTask InspectResponseAsync(HttpExchange exchange, Transaction transaction)
    {
        TransactionFeed.Response(transaction, exchange);
        await RunAsync(transaction, 3);
        if (!IsDecided(transaction) && IsBodyInspected(transaction, exchange.Response, exchange))
        {
            var result = await exchange.BufferResponseBodyAsync(transaction.ResponseBodyLimit);
            if (result.Status == BufferStatus.Failed)
            {
                return;
            }

            if (!result.IsComplete)
            {
                transaction.SetFlag(Variable.OutboundDataError);
                if (transaction.Settings.ResponseBodyLimitAction == BodyLimitAction.Reject && transaction.Mode == EngineMode.On)
                {
                    Refusal.OfResponseBody(exchange);
                    return;
                }
            }

            TransactionFeed.ResponseBody(transaction, exchange, result.Body);
        }

        await RunAsync(transaction, 4);
        if (transaction.Interception is { } interception)
        {
            Refusal.Give(exchange, interception);
        }
        else if (IsDecided(transaction))
        {
            Refusal.OfFailure(exchange);
        }
    }

    private Transaction Begin(HttpExchange exchange)
    {
        var transaction = new Transaction(_rules.Set, _around, IsBlocking ? EngineMode.On : EngineMode.DetectionOnly) { StopsOnFailure = FailsClosed };
        exchange.Set(_slot, transaction);
        var level = ParanoiaLevels[_options.Paranoia];
        transaction.Tx["paranoia_level"] = level;
        transaction.Tx["blocking_paranoia_level"] = level;
        foreach (var (name, value) in _options.Variables)
        {
            transaction.Tx[name] = value;
        }

        foreach (var exclusion in _exclusions)
        {
            exclusion.Apply(transaction, exchange.Request.Path);
        }

        TransactionFeed.Connection(transaction, exchange.Downstream);
        TransactionFeed.Request(transaction, exchange);
        return transaction;
    }

    private static readonly string[] ParanoiaLevels = ["", "1", "2", "3", "4"];

    private bool IsBlocking => _options.Mode == WafMode.Block;

    private bool FailsClosed => IsBlocking && _options.OnError == WafErrorAction.Deny;

    // By a rule, or by one that could not be asked.
    private static bool IsDecided(Transaction transaction) => transaction.Interception is not null || (transaction.StopsOnFailure && transaction.HasFailed);

    private async ValueTask RunAsync(Transaction transaction, int phase)
    {
        while (transaction.Run(phase) is { } waiting)
        {
            await waiting;
        }

        if (transaction.TimedOut is { } rule && _state.IsNews(rule))
        {
            _context.Logger.LogWarning("rule {Rule} took too long and was given up; further times are only counted", rule);
        }
    }

    /// <summary>Whether the exchange is refused because of a failure of the engine.</summary>
    private bool Fail(HttpExchange exchange, Exception failure)
    {
        _context.Logger.LogError(failure, "an exchange could not be inspected");
        if (exchange.Get(_slot) is { } transaction)
        {
            transaction.HasFailed = true;
        }
        else
        {
            _metrics.CountError();
        }

        return FailsClosed;
    }

    private bool IsBodyInspected(Transaction transaction, HttpExchange exchange) =>
        transaction.RequestBodyAccess && transaction.Mode != EngineMode.Off && exchange.HasRequestBody
        && exchange.Request.MethodKind != HttpMethodKind.Connect && !_streamed.Has(exchange.Request.Headers);

    private static bool IsBodyInspected(Transaction transaction, ResponseHead response, HttpExchange exchange)
    {
        if (!transaction.ResponseBodyAccess || transaction.Mode == EngineMode.Off || exchange.HasReply || response.StatusCode is < 200 or 204 or 304
            || exchange.Request.MethodKind is HttpMethodKind.Head or HttpMethodKind.Connect)
        {
            return false;
        }

        var type = transaction.First(Variable.ResponseContentType, null);
        var semicolon = type.IndexOf(';', StringComparison.Ordinal);
        return transaction.Settings.ResponseMimeTypes.Contains((semicolon < 0 ? type : type[..semicolon]).Trim());
    }

    private static NetworkMap<Country> ReadCountries(string path)
    {
        try
        {
            return Country.Parse(OptionFile.Read(path, File.ReadAllText));
        }
        catch (FormatException e)
        {
            throw new ArgumentException($"{path}: {e.Message}", e);
        }
    }

    private static void TellOthers(Transaction transaction, HttpExchange exchange)
    {
        if (transaction.Env.Count == 0)
        {
            return;
        }

        foreach (var value in transaction.Env.All)
        {
            exchange.Metadata["waf", value.Key] = value.Text;
        }
    }

    private bool IsAudited(Transaction transaction, int status)
    {
        if (_options.AuditLog!.All || transaction.Audit == AuditMode.On)
        {
            return true;
        }

        return transaction.Audit == AuditMode.RelevantOnly
            && (transaction.IsRelevant
                || transaction.Settings.AuditRelevantStatus?.IsMatch(status.ToString(CultureInfo.InvariantCulture)) == true);
    }
}
