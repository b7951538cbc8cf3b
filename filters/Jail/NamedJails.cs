using System.Collections.Concurrent;

namespace FilterProxy.Filters.Jail;

/// <summary>What jails of the same name share, wherever they stand.</summary>
internal sealed class NamedJails
{
    private readonly ConcurrentDictionary<string, JailState> _states = new(StringComparer.Ordinal);

    public JailState Of(string name) => _states.GetOrAdd(name, static _ => new JailState());
}
