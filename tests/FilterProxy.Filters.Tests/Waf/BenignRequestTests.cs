using FilterProxy.Filters.Tests.Waf.Detection;
using Xunit;
using Xunit.Abstractions;

namespace FilterProxy.Filters.Tests.Waf;

/// <summary>
/// What the OWASP Core Rule Set refuses of harmless requests at paranoia 1. Its own expressions take some texts for attacks; libmodsecurity says
/// which: beyond those nothing may be refused.
/// </summary>
public sealed class BenignRequestTests(ITestOutputHelper output)
{
    private const string Tuned = "tuned";
    private const string HeldOut = "held-out";

    // All of it takes too long for every run.
    private static readonly int Step = Environment.GetEnvironmentVariable("FILTERPROXY_TEST_FULL") == "1" ? 1 : 5;

    [CrsFact]
    public void Five_thousand_varied_requests_that_the_rule_set_has_nothing_against_are_not_refused()
    {
        var refused = RefusedRequests.Of(HeldOut);
        Assert.True(BenignCorpus.Count - refused.Count >= 5000, $"{refused.Count} of {BenignCorpus.Count} are refused by libmodsecurity");
        Check(BenignRequest.HeldOut, refused, most: 0);
    }

    // Formulas and letters beyond ASCII that the rule set cuts to a quote and a "#": three in a thousand at most.
    [CrsFact]
    public void Hardly_any_of_those_are_that_were_looked_at_while_the_detectors_were_made() =>
        Check(BenignRequest.Tuned, RefusedRequests.Of(Tuned), most: 3 * BenignCorpus.Count / Step / 1000);

    [ModSecurityFact, Trait("suite", "long")]
    public async Task Libmodsecurity_refuses_what_was_noted_of_it()
    {
        await using var modSecurity = await ModSecurity.StartAsync();
        var (tuned, heldOut) = (await RefusedAsync(modSecurity, BenignRequest.Tuned), await RefusedAsync(modSecurity, BenignRequest.HeldOut));
        if (Environment.GetEnvironmentVariable("FILTERPROXY_WRITE_WAF_REFUSED") == "1")
        {
            RefusedRequests.Write([(Tuned, tuned), (HeldOut, heldOut)]);
        }

        Assert.Equal(RefusedRequests.Of(Tuned).Order(), tuned);
        Assert.Equal(RefusedRequests.Of(HeldOut).Order(), heldOut);
    }

    private static async Task<List<int>> RefusedAsync(ModSecurity modSecurity, IReadOnlyList<BenignRequest> requests)
    {
        var refused = new List<int>();
        for (var number = 0; number < requests.Count; number++)
        {
            if (await modSecurity.AskAsync(requests[number]) != 200)
            {
                refused.Add(number);
            }
        }

        return refused;
    }

    private void Check(IReadOnlyList<BenignRequest> requests, HashSet<int> refusedByLibModSecurity, int most)
    {
        var (refused, passed) = (0, 0);
        var ours = new List<string>();
        for (var number = 0; number < requests.Count; number += Step)
        {
            var transaction = requests[number].Run();
            var isRefused = transaction.Interception is not null;
            var isKnown = refusedByLibModSecurity.Contains(number);
            refused += isRefused ? 1 : 0;
            passed += isKnown && !isRefused ? 1 : 0;
            if (isRefused && !isKnown)
            {
                ours.Add($"{number} {requests[number].Kind}: {requests[number].Text} ({CoreRules.Describe(transaction)})");
            }
        }

        output.WriteLine($"of {requests.Count / Step} requests {refused} refused, {ours.Count} that libmodsecurity passes; {passed} passed that it refuses");
        Assert.True(ours.Count <= most, $"{ours.Count} refused that libmodsecurity passes:\n{string.Join('\n', ours)}");
    }
}
