using System.Runtime.CompilerServices;
using FilterProxy.Core.Buffers;
using FilterProxy.Core.Upstream;

namespace FilterProxy.Core.Pipeline;

/// <summary>The life of a request. Read this first; every other file is one line of it.</summary>
internal static class HttpPipeline
{
    [AsyncMethodBuilder(typeof(PooledValueTaskMethodBuilder))]
    public static async ValueTask RunAsync(ProxyExchange x)
    {
        x.OpenBooks();                                                      // counted from here on, traced where that is wanted
        try                                                                 // decide
        {
            if (!x.Error.IsError                                            //   (a request that could not be read is answered below)
                && await x.Snapshot.Global.OnRequestAsync(x) == FilterStatus.Continue   // 1 request_filter, global
                && x.Match()                                                // 2 route (no match: 404)
                && (x.Services.Load.IsCalm || await LoadAdmission.AdmitAsync(x))        //   overload: waits, or 503
                && await x.Route!.Chain.OnRequestAsync(x) == FilterStatus.Continue      // 3 request_filter, route
                && x.EnterRoute())                                          //   rewrite, or the route's own answer
            {
                do
                {
                    x.BeginAttempt();                                       //   resets response and attempt overlay
                    x.Peer = await x.SelectPeerAsync();                     // 4 upstream_peer: filters, else the cluster
                    x.Error = x.HasReply ? default
                        : x.Peer is null ? x.NoPeer
                        : await Forwarder.SendAsync(x);                      // 5 upstream_request_filter, request out, response head in
                    x.NoteAttempt();                                        //   counted
                }
                while (await Retry.AgainAsync(x));                          //   discards the failed attempt
            }
        }
        catch (Exception e)
        {
            x.Error = x.Blame(e);
        }

        try                                                                 // answer
        {
            if (x.NeedsErrorReply())
            {
                LocalReplies.Write(x);                                      //   error -> status, in one place
            }

            if (x.CanAnswer)
            {
                x.StampAffinity();
                await x.Chain.OnResponseAsync(x);                           // 6 response_filter, route then global, reverse order
                await x.SendResponseAsync();                                // 7 head and body downstream, or a relay on 101 and CONNECT
            }
        }
        catch (Exception e)
        {
            await x.FailAsync(x.Blame(e));                                  //   head not sent: a bare 500 through the filters left; else cut
        }
        finally
        {
            await x.EndAsync();                                             // 8 pump stopped, connection returned or discarded,
            await x.Chain.OnLoggingAsync(x);                                //   logging, once, each filter guarded
        }
    }
}
