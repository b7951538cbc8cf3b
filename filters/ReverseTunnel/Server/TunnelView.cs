using System.Text.Json;
using FilterProxy.Filters.ReverseTunnel.Services;

namespace FilterProxy.Filters.ReverseTunnel.Server;

/// <summary>The agents as operators see them.</summary>
internal static class TunnelView
{
    public static void Write(Utf8JsonWriter writer, AgentTable table, ServiceTable services)
    {
        writer.WriteStartObject();
        writer.WriteStartArray("tenants");
        foreach (var tenant in table.All.GroupBy(a => a.Id.Tenant).OrderBy(group => group.Key, StringComparer.Ordinal))
        {
            WriteTenant(writer, tenant.Key, [.. tenant]);
        }

        writer.WriteEndArray();
        writer.WriteStartArray("services");
        foreach (var service in services.Records.OrderBy(s => s.Owner.ToString(), StringComparer.Ordinal))
        {
            Write(writer, service);
        }

        writer.WriteEndArray();
        writer.WriteStartArray("agents");
        foreach (var agent in table.All.OrderBy(a => a.Id.Tenant, StringComparer.Ordinal).ThenBy(a => a.Id.Node, StringComparer.Ordinal))
        {
            Write(writer, agent, table.Work.CountOf(agent.Id));
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private static void WriteTenant(Utf8JsonWriter writer, string name, IReadOnlyList<Agent> agents)
    {
        writer.WriteStartObject();
        writer.WriteString("tenant", name);
        writer.WriteNumber("agents", agents.Count(a => a.IsConnected));
        writer.WriteNumber("streams", agents.Sum(a => a.Connections.Sum(c => c.Streams)));
        writer.WriteNumber("streams_served", agents.Sum(a => a.Served));
        writer.WriteNumber("bytes_to_agents", agents.Sum(a => a.BytesSent));
        writer.WriteNumber("bytes_from_agents", agents.Sum(a => a.BytesReceived));
        writer.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter writer, ServiceRecord service)
    {
        writer.WriteStartObject();
        writer.WriteString("service", service.Owner.Service);
        writer.WriteString("cluster", service.Owner.Cluster);
        writer.WriteString("tenant", service.Owner.Tenant);
        writer.WriteNumber("places", service.Places);
        writer.WriteNumber("clients", service.Active);
        writer.WriteNumber("clients_served", service.Served);
        writer.WriteNumber("bytes_to_agents", service.BytesToAgents);
        writer.WriteNumber("bytes_from_agents", service.BytesToClients);
        writer.WriteString("last_error", service.LastError);
        writer.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter writer, Agent agent, (int Idle, int Used) work)
    {
        var connections = agent.Connections;
        writer.WriteStartObject();
        writer.WriteString("node", agent.Id.Node);
        writer.WriteString("cluster", agent.Hello.Identity.Cluster);
        writer.WriteString("tenant", agent.Id.Tenant);
        writer.WriteNumber("version", agent.Hello.Version);
        writer.WriteString("capabilities", agent.Hello.Capabilities.ToString().ToLowerInvariant());
        writer.WriteBoolean("connected", connections.Count > 0);
        writer.WriteString(connections.Count > 0 ? "connected_at" : "last_seen", agent.Since);
        writer.WriteStartObject("labels");
        foreach (var (name, value) in agent.Hello.Labels)
        {
            writer.WriteString(name, value);
        }

        writer.WriteEndObject();
        writer.WriteNumber("streams", connections.Sum(c => c.Streams));
        writer.WriteNumber("streams_waiting", agent.Waiting);
        writer.WriteNumber("work_connections_idle", work.Idle);
        writer.WriteNumber("work_connections_used", work.Used);
        writer.WriteNumber("streams_served", agent.Served);
        writer.WriteNumber("bytes_to_agent", agent.BytesSent);
        writer.WriteNumber("bytes_from_agent", agent.BytesReceived);
        writer.WriteNumber("reconnects", agent.Reconnects);
        writer.WriteString("last_error", agent.LastError);
        writer.WriteStartArray("connections");
        foreach (var connection in connections)
        {
            Write(writer, connection);
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter writer, AgentConnection connection)
    {
        writer.WriteStartObject();
        writer.WriteString("remote", connection.RemoteEndPoint?.ToString());
        writer.WriteNumber("streams", connection.Streams);
        writer.WriteNumber("streams_served", connection.Served);
        writer.WriteBoolean("leaving", connection.IsLeaving);
        if (connection.RoundTrip is { } time)
        {
            writer.WriteNumber("round_trip_ms", time.TotalMilliseconds);
        }

        writer.WriteEndObject();
    }
}
