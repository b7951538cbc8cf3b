using System.Text;
using FilterProxy.Filters.ReverseTunnel.Identity;

namespace FilterProxy.Filters.ReverseTunnel.Access;

/// <summary>A secret, and the agent whose it is.</summary>
internal sealed class AgentKey(TunnelKeyOptions options)
{
    public string Id => options.Id;

    public byte[] Secret { get; } = Encoding.UTF8.GetBytes(options.Secret);

    public TunnelIdentity Agent { get; } = TunnelIdentity.TryParse(options.Agent, out var agent, out var problem) ? agent : throw new ArgumentException(problem);
}
