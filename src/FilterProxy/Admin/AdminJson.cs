using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using FilterProxy.Core.Config.Explain;
using FilterProxy.Core.Pipeline;
using FilterProxy.Host.Admin.Views;
using Microsoft.AspNetCore.Http;

namespace FilterProxy.Host.Admin;

/// <summary>What the admin API answers, as JSON: keys as in the configuration, texts escaped so that no page they end up in can be made of them.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DictionaryKeyPolicy = JsonKnownNamingPolicy.Unspecified,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true,
    WriteIndented = true)]
[JsonSerializable(typeof(AdminError))]
[JsonSerializable(typeof(AdminDone))]
[JsonSerializable(typeof(IReadOnlyList<EndpointListing>))]
[JsonSerializable(typeof(IReadOnlyList<RouteView>))]
[JsonSerializable(typeof(IReadOnlyList<ClusterView>))]
[JsonSerializable(typeof(EndpointView))]
[JsonSerializable(typeof(IReadOnlyList<ListenerView>))]
[JsonSerializable(typeof(IReadOnlyList<CertificateView>))]
[JsonSerializable(typeof(IReadOnlyList<PluginView>))]
[JsonSerializable(typeof(SnapshotsView))]
[JsonSerializable(typeof(StatsView))]
[JsonSerializable(typeof(OverloadView))]
[JsonSerializable(typeof(ErrorsView))]
[JsonSerializable(typeof(ProbeView))]
[JsonSerializable(typeof(LogLevelView))]
[JsonSerializable(typeof(ViewsView))]
[JsonSerializable(typeof(ActionView))]
[JsonSerializable(typeof(Explanation))]
[JsonSerializable(typeof(ExchangeRecord))]
internal sealed partial class AdminJson : JsonSerializerContext
{
    /// <summary>How one value of many is written: a line each.</summary>
    public static AdminJson Lines => field ??= new(new JsonSerializerOptions(Of<AdminError>().Options) { WriteIndented = false });

    /// <summary>The form of a type it knows.</summary>
    public static JsonTypeInfo<T> Of<T>() => (JsonTypeInfo<T>)Default.GetTypeInfo(typeof(T))!;

    /// <summary>Answers a request with a value.</summary>
    public static Task WriteAsync<T>(HttpContext context, int status, T value)
    {
        context.Response.StatusCode = status;
        return context.Response.WriteAsJsonAsync(value, Of<T>(), cancellationToken: context.RequestAborted);
    }
}
