namespace FilterProxy.Filters.ReverseTunnel.Server;

/// <summary>Says that a tunnel takes no more streams, before anything of this one was sent: it has ended, or its agent has asked to go elsewhere.</summary>
internal sealed class TunnelGoneException() : IOException("The tunnel takes no more streams.");
