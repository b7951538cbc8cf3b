namespace FilterProxy.Filters.ReverseTunnel.Udp;

/// <summary>Told of each datagram of a client, either way; may have it dropped.</summary>
internal interface ISessionTraffic
{
    /// <summary>Whether a datagram of the client may go on.</summary>
    bool TryUpload(int bytes);

    /// <summary>Whether one may go to the client.</summary>
    bool TryDownload(int bytes);

    /// <summary>The session is over, by what.</summary>
    void End(string reason);
}
