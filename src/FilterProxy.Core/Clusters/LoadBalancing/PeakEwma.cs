using System.Diagnostics;

namespace FilterProxy.Core.Clusters.LoadBalancing;

/// <summary>
/// Two endpoints drawn by their weights; of them the one that would answer sooner: its recent response time, where a slow one counts in
/// full and is forgotten over ten seconds, times the requests under way. Constant time.
/// </summary>
[Component("peak_ewma")]
internal sealed class PeakEwma : ILoadBalancer, IOutcomeObserver
{
    // For one that has not answered yet but has requests already: worse than any that has.
    private const double Unknown = 1e6;

    public IEndpointPicker Build(EndpointSet set, IEndpointPicker? previous) => new Picker(new Shares(set));

    public void Observe(Endpoint endpoint, in Outcome outcome)
    {
        // What never got as far as an answer says nothing about how fast answers are.
        if (outcome.StatusCode > 0 || outcome.Error == ProxyErrorKind.UpstreamTimeout)
        {
            EndpointState.Of(endpoint).Latency.Add(outcome.Latency.TotalSeconds, Stopwatch.GetTimestamp());
        }
    }

    private sealed class Picker(Shares shares) : IEndpointPicker
    {
        public Endpoint? Pick(in PickContext context)
        {
            if (shares.Count == 0)
            {
                return null;
            }

            var (first, second) = shares.DrawTwo(context);
            var now = Stopwatch.GetTimestamp();
            return CostOf(second, now) < CostOf(first, now) ? shares[second] : shares[first];
        }

        private double CostOf(int place, long now)
        {
            var endpoint = shares[place];
            var load = endpoint.InFlight;
            var seconds = EndpointState.Of(endpoint).Latency.Read(now);
            return seconds == 0 ? Unknown * load / shares.WeightOf(place) : seconds * (load + 1) / shares.WeightOf(place);
        }
    }
}
