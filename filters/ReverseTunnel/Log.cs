using Microsoft.Extensions.Logging;

namespace FilterProxy.Filters.ReverseTunnel;

/// <summary>What both sides say about tunnels once they are let in; about who is not, the handshake says it.</summary>
internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "Agent {Agent} has a tunnel from {Remote}, which makes {Connections}.")]
    public static partial void Connected(ILogger logger, string agent, string? remote, int connections);

    [LoggerMessage(2, LogLevel.Information, "A tunnel of agent {Agent} has ended: {Reason}; {Connections} left.")]
    public static partial void Ended(ILogger logger, string agent, string reason, int connections);

    [LoggerMessage(3, LogLevel.Warning, "Agent {Agent} at {Remote} was let in and then did not answer.")]
    public static partial void Silent(ILogger logger, string agent, string? remote);

    [LoggerMessage(4, LogLevel.Information, "The tunnel of {Agent} to {Server} is up, session {Session}.")]
    public static partial void Up(ILogger logger, string agent, string server, string session);

    [LoggerMessage(5, LogLevel.Warning, "The tunnel of {Agent} to {Server} is down: dialling again.")]
    public static partial void Down(ILogger logger, string agent, string server);

    [LoggerMessage(6, LogLevel.Warning, "Server {Server} gives {Agent} no tunnel: {Status} {Reason} ({Skipped} more of these since this was last said).")]
    public static partial void Refused(ILogger logger, string server, string agent, int status, string reason, long skipped);

    [LoggerMessage(7, LogLevel.Warning, "Server {Server} cannot be reached by {Agent}: {Reason} ({Skipped} more of these since this was last said).")]
    public static partial void Unreachable(ILogger logger, string server, string agent, string reason, long skipped);

    [LoggerMessage(8, LogLevel.Warning, "No agent is there for id {Id} ({Skipped} more of these since this was last said).")]
    public static partial void NobodyThere(ILogger logger, string id, long skipped);

    [LoggerMessage(9, LogLevel.Warning, "No stream to the service {Service} by agent {Agent}: {Reason} ({Skipped} more of these since this was last said).")]
    public static partial void NoStream(ILogger logger, string service, string agent, string reason, long skipped);

    [LoggerMessage(10, LogLevel.Information, "Server {Server} has the service {Service} at {Place}.")]
    public static partial void Placed(ILogger logger, string server, string service, string place);

    [LoggerMessage(11, LogLevel.Warning, "Datagrams for {Service} of {Client} are dropped: {Reason} ({Skipped} more dropped since this was last said).")]
    public static partial void Dropped(ILogger logger, string service, string client, string reason, long skipped);

    [LoggerMessage(12, LogLevel.Warning, "A visitor of {Service} at {Client} is refused: {Reason} ({Skipped} more of these since this was last said).")]
    public static partial void VisitorRefused(ILogger logger, string service, string? client, string reason, long skipped);

    [LoggerMessage(13, LogLevel.Warning, "The service {Service} cannot be visited by {Visitor}: {Reason} ({Skipped} more of these since this was last said).")]
    public static partial void NoVisit(ILogger logger, string service, string visitor, string reason, long skipped);

    [LoggerMessage(14, LogLevel.Information, "Connections to {Service} go {Path} from now on: {Reason}.")]
    public static partial void PathTaken(ILogger logger, string service, string path, string reason);

    [LoggerMessage(20, LogLevel.Warning, "Server {Server} does not have the service {Service}: {Reason}.")]
    public static partial void NotPlaced(ILogger logger, string server, string service, string reason);

    [LoggerMessage(21, LogLevel.Warning, "The service {Service} is withdrawn: no endpoint of cluster {Cluster} is healthy.")]
    public static partial void Withdrawn(ILogger logger, string service, string cluster);

    [LoggerMessage(22, LogLevel.Information, "The service {Service} is back: an endpoint of cluster {Cluster} is healthy.")]
    public static partial void Returned(ILogger logger, string service, string cluster);

    [LoggerMessage(23, LogLevel.Warning, "Agent {Agent} does not get all its services: {Refused}.")]
    public static partial void ServicesRefused(ILogger logger, string agent, string refused);

    [LoggerMessage(24, LogLevel.Warning, "What agent {Agent} says of its services cannot be read: {Problem}.")]
    public static partial void BadNews(ILogger logger, string agent, string problem);
}
