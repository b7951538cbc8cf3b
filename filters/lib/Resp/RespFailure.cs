namespace FilterProxy.Filters.Resp;

/// <summary>Why there is no answer of the server.</summary>
internal enum RespFailure : byte
{
    /// <summary>There is one.</summary>
    None,

    /// <summary>There is no connection, and none could be made in time: the command was not sent.</summary>
    NotConnected,

    /// <summary>More commands wait than may: this one was not sent.</summary>
    QueueFull,

    /// <summary>No answer in time. Whether the command was done is not known.</summary>
    Timeout,

    /// <summary>The connection broke. Whether the command was done is not known.</summary>
    ConnectionLost,

    /// <summary>The server sent what is not the protocol, or more than is allowed. Whether the command was done is not known.</summary>
    BadReply,

    /// <summary>The server names a node that is no endpoint of the cluster, or sends in circles: the command was not done.</summary>
    BadRedirect,
}
