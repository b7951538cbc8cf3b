namespace FilterProxy.Filters.ReverseTunnel.Handshake;

/// <summary>What may travel through a tunnel.</summary>
[Flags]
internal enum TunnelCapabilities
{
    None = 0,
    Http = 1,
    Grpc = 2,
    Ws = 4,
    Tcp = 8,
    Udp = 16,
}
