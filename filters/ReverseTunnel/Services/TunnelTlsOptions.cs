namespace FilterProxy.Filters.ReverseTunnel.Services;

/// <summary>Options of <see cref="TunnelTlsFilter"/>.</summary>
public sealed record TunnelTlsOptions : ServiceStreamOptions;
