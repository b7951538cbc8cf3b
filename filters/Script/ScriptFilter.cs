using System.Diagnostics.Metrics;
using System.Text;
using Microsoft.Extensions.Logging;

namespace FilterProxy.Filters.Script;

/// <summary>Lets a JavaScript function choose the cluster of a request, or answer it.</summary>
[Component("script")]
public sealed partial class ScriptFilter : IStartable, IRequestFilter, IResponseFilter, ILoggingFilter
{
    private const long SilenceTicks = 10 * TimeSpan.TicksPerSecond;
    private readonly ScriptPool _pool;
    private readonly ScriptOptions _options;
    private readonly string _name;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly Counter<long> _errors;
    private readonly Cluster? _fallback;
    private long _quietUntil;

    /// <summary>Reads the script and runs it once: what is wrong with it is an error of the configuration.</summary>
    public ScriptFilter(ScriptOptions options, ComponentContext context)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(context);
        _options = options;
        (_logger, _time) = (context.Logger, context.Time);
        _name = Path.GetFileName(options.File);
        _errors = context.Meter.CreateCounter<long>(
            "filterproxy.script.errors", "{call}", "Calls of a script that failed, by script and fault: exception, answer, time, statements, recursion, memory.");
        _fallback = options.Fallback is { } fallback ? context.GetCluster(fallback) : null;
        var text = File.ReadAllText(context.UseFile(options.File));
        try
        {
            _pool = new ScriptPool(
                new ScriptSource(_name, text), options.Config?.ToJsonString() ?? "{}", ScriptLimits.Of(options), new ScriptHost(context.Time, context.Logger));
        }
        catch (ScriptException e)
        {
            throw new ArgumentException(e.Message, e);
        }
    }

    /// <inheritdoc/>
    public ValueTask StartAsync(CancellationToken stop)
    {
        _pool.Warm();
        return default;
    }

    /// <inheritdoc/>
    public ValueTask<FilterStatus> OnRequestAsync(HttpExchange exchange)
    {
        ArgumentNullException.ThrowIfNull(exchange);
        if (!_pool.HasRequestHooks)
        {
            return new(FilterStatus.Continue);
        }

        var engine = _pool.Rent();
        try
        {
            return new(Apply(exchange, engine.DecideRequest(new ExchangeView(exchange))));
        }
        catch (ScriptException e)
        {
            Count(e);
            if (_fallback is null)
            {
                throw;
            }

            Say(e);
            exchange.Cluster = _fallback;
            return new(FilterStatus.Continue);
        }
        finally
        {
            _pool.Return(engine);
        }
    }

    /// <inheritdoc/>
    public ValueTask OnResponseAsync(HttpExchange exchange)
    {
        ArgumentNullException.ThrowIfNull(exchange);
        if (!_pool.HasOnResponse)
        {
            return default;
        }

        var engine = _pool.Rent();
        try
        {
            var view = new ExchangeView(exchange);
            var answer = engine.DecideResponse(view, view);
            if (answer.ReplyStatus != 0)
            {
                Reply(exchange, answer);
            }

            Set(exchange.Response.Headers, answer.Headers);
            return default;
        }
        catch (ScriptException e)
        {
            Count(e);
            if (_fallback is null)
            {
                throw;
            }

            // The response is there: it goes out as it is.
            Say(e);
            return default;
        }
        finally
        {
            _pool.Return(engine);
        }
    }

    /// <inheritdoc/>
    public void OnLogging(HttpExchange exchange)
    {
        ArgumentNullException.ThrowIfNull(exchange);
        if (!_pool.HasLog)
        {
            return;
        }

        var engine = _pool.Rent();
        try
        {
            var view = new ExchangeView(exchange);
            engine.Log(view, view);
        }
        catch (ScriptException e)
        {
            Count(e);
            throw;
        }
        finally
        {
            _pool.Return(engine);
        }
    }

    private FilterStatus Apply(HttpExchange exchange, ScriptAnswer answer)
    {
        if (answer.ReplyStatus != 0)
        {
            Reply(exchange, answer);
            return FilterStatus.Stop;
        }

        if (answer.Cluster is { } name)
        {
            exchange.Cluster = exchange.TryGetCluster(name, out var cluster)
                ? cluster
                : throw new ScriptException(ScriptFault.Answer, $"{_name}: route() chose '{name}', which is no cluster");
        }

        if (answer.Path is { } path)
        {
            SetPath(exchange.Request, path);
        }

        Set(exchange.Request.Headers, answer.Headers);
        return FilterStatus.Continue;
    }

    private void Reply(HttpExchange exchange, ScriptAnswer answer)
    {
        exchange.Reply(answer.ReplyStatus, "script_reply", Encoding.UTF8.GetBytes(answer.ReplyBody), answer.ReplyType);
        Set(exchange.Response.Headers, answer.ReplyHeaders);
    }

    private void SetPath(RequestHead request, string path)
    {
        try
        {
            var query = path.IndexOf('?', StringComparison.Ordinal);
            request.SetPath(Encoding.UTF8.GetBytes(query < 0 ? path : path[..query]));
            if (query >= 0)
            {
                request.SetQuery(Encoding.UTF8.GetBytes(path[(query + 1)..]));
            }
        }
        catch (ArgumentException e)
        {
            throw new ScriptException(ScriptFault.Answer, $"{_name}: route() returned a path that cannot be sent: {e.Message}", e);
        }
    }

    private void Set(HeaderMap headers, List<(string Name, string? Value)> fields)
    {
        foreach (var (name, value) in fields)
        {
            try
            {
                if (value is null)
                {
                    headers.Remove(name);
                }
                else
                {
                    headers.Set(name, value);
                }
            }
            catch (ArgumentException e)
            {
                throw new ScriptException(ScriptFault.Answer, $"{_name}: header '{name}' cannot be set: {e.Message}", e);
            }
        }
    }

    private void Count(ScriptException e) => _errors.Add(
        1, new KeyValuePair<string, object?>("script", _name), new KeyValuePair<string, object?>("fault", FaultNames[(int)e.Fault]));

    // A line now and then: a script that fails may fail for every request.
    private void Say(ScriptException e)
    {
        var now = _time.GetUtcNow().Ticks;
        var until = Volatile.Read(ref _quietUntil);
        if (now >= until && Interlocked.CompareExchange(ref _quietUntil, now + SilenceTicks, until) == until)
        {
            Failed(_logger, e.Message, _options.Fallback!);
        }
    }

    private static readonly string[] FaultNames = [.. Enum.GetNames<ScriptFault>().Select(name => name.ToLowerInvariant())];

    [LoggerMessage(10, LogLevel.Error, "{Error}: its requests go to cluster '{Fallback}' (said once in ten seconds).")]
    private static partial void Failed(ILogger logger, string error, string fallback);
}
