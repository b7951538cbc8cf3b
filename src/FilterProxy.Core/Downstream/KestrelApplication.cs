using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http.Features;

namespace FilterProxy.Core.Downstream;

/// <summary>
/// What Kestrel's engine calls for each request: an exchange of the request's connection, over the bare features. Below ASP.NET's
/// hosting, so there is no HttpContext, middleware or diagnostic listener in between.
/// </summary>
internal sealed class KestrelApplication(QuicEndpoint quic) : IHttpApplication<KestrelExchange>
{
    public KestrelExchange CreateContext(IFeatureCollection contextFeatures) =>
        (contextFeatures.Get<KestrelConnection>() ?? quic.ConnectionOf(contextFeatures)).Rent(contextFeatures);

    public Task ProcessRequestAsync(KestrelExchange context) => context.RunAsync();

    public void DisposeContext(KestrelExchange context, Exception? exception) => context.Connection.Return(context);
}
