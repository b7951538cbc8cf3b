using System.Collections.Concurrent;
using FilterProxy.Filters.ReverseTunnel.Identity;

namespace FilterProxy.Filters.ReverseTunnel.Agent;

/// <summary>The sessions of a listener's agent, which a reload does not end: to a server it stays the same agent while its former connections drain.</summary>
internal sealed class AgentSessions
{
    private readonly ConcurrentDictionary<(TunnelIdentity Agent, string Server), string> _sessions = new();

    public string? Find(TunnelIdentity agent, string server) => _sessions.GetValueOrDefault((agent, server));

    public void Keep(TunnelIdentity agent, string server, string session) => _sessions[(agent, server)] = session;
}
