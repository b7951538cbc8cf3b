using System.Net.Sockets;

namespace FilterProxy.Core.Downstream;

/// <summary>Everything that did not start, so that the operator mends it in one go.</summary>
internal sealed class StartErrors
{
    private readonly List<string> _messages = [];
    private Exception? _first;

    /// <summary>Whether what a listener's start threw is the operator's to mend.</summary>
    public static bool IsExpected(Exception e) => e is IOException or SocketException or InvalidOperationException;

    public bool IsEmpty => _first is null;

    /// <param name="component">What did not start.</param>
    /// <param name="origin">Where it stands and what it is from; null where there is nothing to say.</param>
    /// <param name="e">Why.</param>
    public void Add(object component, string? origin, Exception e) =>
        Add($"{component.GetType().Name} did not start: {e.Message}{(origin is null ? "" : $" ({origin})")}", e);

    public void Add(ListenerPlan plan, Exception e) => Add($"listener '{plan.Name}' cannot listen on {plan.Address}: {Explain(e.InnerException ?? e)}", e);

    public void Add(DatagramPlan plan, Exception e) => Add($"UDP listener '{plan.Name}' cannot listen on {plan.Address}: {Explain(e)}", e);

    /// <exception cref="EngineException">Something was added: one line for each.</exception>
    public void ThrowIfAny()
    {
        if (_first is not null)
        {
            throw new EngineException(string.Join('\n', _messages), _first);
        }
    }

    private void Add(string message, Exception e)
    {
        _messages.Add(message);
        _first ??= e;
    }

    private static string Explain(Exception e) => e is SocketException { SocketErrorCode: SocketError.AccessDenied }
        ? $"{e.Message} (ports below 1024 need the capability CAP_NET_BIND_SERVICE, or root)"
        : e.Message;
}
