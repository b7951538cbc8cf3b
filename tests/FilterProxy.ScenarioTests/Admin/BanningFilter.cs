using System.Collections.Concurrent;
using System.Text.Json;

namespace FilterProxy.ScenarioTests.Admin;

/// <summary>Keeps a list that operators see and add to; a key called <c>boom</c> is its undoing.</summary>
[Component("banning")]
public sealed class BanningFilter : IRequestFilter, IAdminView, IAdminAction
{
    private readonly ConcurrentQueue<string> _banned = new();

    public IReadOnlyList<AdminActionInfo> Actions { get; } = [new("ban", "Bans a key.", ["key"])];

    public ValueTask<FilterStatus> OnRequestAsync(HttpExchange exchange) => new(FilterStatus.Continue);

    public ValueTask<AdminOutcome> RunAsync(string action, IReadOnlyDictionary<string, string> arguments, CancellationToken cancel)
    {
        if (!arguments.TryGetValue("key", out var key))
        {
            return new(new AdminOutcome(false, "key is missing"));
        }

        _banned.Enqueue(key);
        return key == "boom" ? throw new InvalidOperationException("boom") : new(new AdminOutcome(true, "banned"));
    }

    public void WriteView(Utf8JsonWriter writer)
    {
        writer.WriteStartArray();
        foreach (var key in _banned)
        {
            writer.WriteStringValue(key == "boom" ? throw new InvalidOperationException("boom") : key);
        }

        writer.WriteEndArray();
    }
}
