namespace FilterProxy.Filters.Script;

/// <summary>The engines of one script: each runs one call at a time, and as many are made as calls run at once.</summary>
internal sealed class ScriptPool
{
    private readonly ScriptSource _source;
    private readonly string _config;
    private readonly ScriptLimits _limits;
    private readonly IScriptHost _host;
    private readonly ScriptEngine?[] _idle = new ScriptEngine?[Math.Max(2, Environment.ProcessorCount * 2)];

    /// <exception cref="ScriptException">The script cannot be loaded.</exception>
    public ScriptPool(ScriptSource source, string config, ScriptLimits limits, IScriptHost host)
    {
        (_source, _config, _limits, _host) = (source, config, limits, host);
        var first = Make();
        (HasRequestHooks, HasOnResponse, HasLog) = (first.HasRequestHooks, first.HasOnResponse, first.HasLog);
        _idle[0] = first;
    }

    public bool HasRequestHooks { get; }

    public bool HasOnResponse { get; }

    public bool HasLog { get; }

    /// <summary>Makes engines ahead of use, so that the first requests do not.</summary>
    public void Warm()
    {
        for (var i = 0; i < Environment.ProcessorCount && i < _idle.Length; i++)
        {
            if (_idle[i] is null)
            {
                Interlocked.CompareExchange(ref _idle[i], Make(), null);
            }
        }
    }

    /// <summary>An engine for one call; it goes back by <see cref="Return"/>.</summary>
    public ScriptEngine Rent()
    {
        for (var i = 0; i < _idle.Length; i++)
        {
            if (_idle[i] is not null && Interlocked.Exchange(ref _idle[i], null) is { } engine)
            {
                return engine;
            }
        }

        return Make();
    }

    public void Return(ScriptEngine engine)
    {
        engine.Forget();
        if (engine.IsBroken)
        {
            return;
        }

        for (var i = 0; i < _idle.Length; i++)
        {
            if (_idle[i] is null && Interlocked.CompareExchange(ref _idle[i], engine, null) is null)
            {
                return;
            }
        }
    }

    private ScriptEngine Make() => new(_source, _config, _limits, _host);
}
