using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace FilterProxy.TestKit;

/// <summary>What the engine would offer a component, with everything it did in view: log lines and counters.</summary>
public sealed class TestComponentContext : ComponentContext, ILogger, IDisposable
{
    private static int _slots;
    private readonly ConcurrentDictionary<Type, object> _shared = new();
    private readonly ConcurrentDictionary<Type, object> _states = new();
    private readonly ConcurrentDictionary<string, long> _sums = new();
    private readonly ConcurrentQueue<string> _log = new();
    private readonly MeterListener _listener = new();

    /// <summary>Creates one.</summary>
    public TestComponentContext()
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (ReferenceEquals(instrument.Meter, Meter))
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>((i, value, _, _) => Add(i, value));
        _listener.SetMeasurementEventCallback<int>((i, value, _, _) => Add(i, value));
        _listener.Start();
    }

    /// <inheritdoc/>
    public override string Place => "test";

    /// <inheritdoc/>
    public override ILogger Logger => this;

    /// <inheritdoc/>
    public override TimeProvider Time => Clock;

    /// <inheritdoc/>
    public override Meter Meter { get; } = new("FilterProxy.Test");

    /// <inheritdoc/>
    public override object? Previous => Replaced;

    /// <inheritdoc/>
    public override string ConfigDirectory => Directory;

    /// <summary>The clock components see.</summary>
    public TimeProvider Clock { get; set; } = TimeProvider.System;

    /// <summary>The instance the next component replaces.</summary>
    public object? Replaced { get; set; }

    /// <summary>The folder relative paths are relative to.</summary>
    public string Directory { get; set; } = Path.GetTempPath();

    /// <summary>The clusters there are, by name.</summary>
    public Dictionary<string, Cluster> Clusters { get; } = [];

    /// <summary>Answers the requests of <see cref="CreateHttpClient"/>.</summary>
    public Func<HttpRequestMessage, CancellationToken, Task<HttpResponseMessage>>? Http { get; set; }

    /// <summary>What was logged so far, as <c>Warning: text</c>.</summary>
    public IReadOnlyList<string> LogLines => [.. _log];

    /// <summary>The sum of a counter's increments so far.</summary>
    public long Sum(string instrument) => _sums.GetValueOrDefault(instrument);

    /// <inheritdoc/>
    public override string UseFile(string path) => Path.GetFullPath(Path.Combine(Directory, path));

    /// <inheritdoc/>
    public override Slot<T> CreateSlot<T>(string name) => new(name, Interlocked.Increment(ref _slots) - 1);

    /// <inheritdoc/>
    public override T Shared<T>() => (T)_shared.GetOrAdd(typeof(T), _ => new T());

    /// <inheritdoc/>
    /// <remarks>Components made with one context share it, as instances that name the same store do.</remarks>
    public override T Store<T>(Func<T> create) => (T)_states.GetOrAdd(typeof(T), _ => create());

    /// <inheritdoc/>
    public override Cluster GetCluster(string name) =>
        Clusters.TryGetValue(name, out var cluster) ? cluster : throw new ArgumentException($"unknown cluster '{name}'", nameof(name));

    /// <inheritdoc/>
    public override HttpClient CreateHttpClient(string clusterName)
    {
        _ = GetCluster(clusterName);
        return new HttpClient(new Handler(this)) { BaseAddress = new Uri($"http://{clusterName}/") };
    }

    /// <inheritdoc/>
    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        _log.Enqueue($"{logLevel}: {formatter(state, exception)}");

    /// <inheritdoc/>
    public bool IsEnabled(LogLevel logLevel) => true;

    /// <inheritdoc/>
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => NullLogger.Instance.BeginScope(state);

    /// <inheritdoc/>
    public void Dispose()
    {
        _listener.Dispose();
        Meter.Dispose();
    }

    // Without a closure: counting must not spoil what a test measures.
    private void Add(Instrument instrument, long value) =>
        _sums.AddOrUpdate(instrument.Name, static (_, first) => first, static (_, sum, more) => sum + more, value);

    private sealed class Handler(TestComponentContext context) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            context.Http?.Invoke(request, cancellationToken)
            ?? throw new InvalidOperationException("Set TestComponentContext.Http to answer the requests of the component under test.");
    }
}
