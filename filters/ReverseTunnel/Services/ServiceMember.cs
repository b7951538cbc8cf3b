using FilterProxy.Filters.ReverseTunnel.Server;

namespace FilterProxy.Filters.ReverseTunnel.Services;

/// <summary>One of those that serve a place: an agent, and what it calls the service.</summary>
internal readonly record struct ServiceMember(AgentId Agent, string Service);
