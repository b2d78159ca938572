// secaudit: audits the security of code step by step; the last step has an expert model audit it as well.
#include <toolpost/workflow/workflow.hpp>

namespace {

using namespace toolpost::workflow;
using toolpost::json;

json audit_form() {
  json form = object_form({{"summary", "string"},
                           {"security_findings", "array"},
                           {"owasp_assessment", "object"},
                           {"risk_assessment", "object"},
                           {"remediation_roadmap", "array"}});
  json& finding = form["properties"]["security_findings"]["items"];
  finding = object_form({{"category", "string"},
                         {"severity", "string"},
                         {"vulnerability", "string"},
                         {"remediation", "string"}});
  finding["properties"]["severity"]["enum"] = {"Critical", "High", "Medium", "Low"};
  return form;
}

Definition make() {
  Definition tool;
  tool.tool = "secaudit";
  tool.noun = "security_audit";
  tool.required_key = "secaudit_required";
  tool.pause_status = "pause_for_security_audit";
  tool.skip_status = "security_analysis_complete";
  tool.own_fields = {"security_scope", "threat_level", "compliance_requirements", "audit_focus",
                     "severity_filter"};
  tool.skip_next_steps =
      "Report the vulnerabilities worst first: where, how it is exploited, what it costs, how to close it. "
      "Say what was "
      "not audited. Fix only if the user asks, and start with what is reachable from outside.";
  tool.done_next_steps =
      "Merge the expert's findings with yours and check each against the code: is it reachable, and with "
      "which rights? "
      "Report them worst first with attack, damage and remedy, then the order of work. Say what was not "
      "audited. Fix "
      "only if the user asks.";
  tool.considerations =
      "The expert saw neither the deployment nor the configuration, unless you listed them. A finding counts "
      "when you "
      "can name the attacker, the path and the damage; do not publish details of an open hole without the "
      "user's word.";
  tool.system_prompt = expert_prompt(
      "You are a security auditor. Look at the system as an attacker of the given threat_level would: where "
      "does "
      "untrusted data enter, what does it reach, which check is missing or too late? Go through all ten "
      "OWASP "
      "categories and, if asked in SETTINGS, the compliance_requirements; heed security_scope, audit_focus "
      "and "
      "severity_filter. Report what the evidence shows, with file and line, how it is exploited and the "
      "smallest fix; "
      "mark guesses as such, and name what is well defended.",
      "Answer with one JSON object: "
      "{\"status\":\"security_analysis_complete\",\"summary\":\"...\",\"security_findings\":[{"
      "\"category\":\"...\",\"severity\":\"Critical|High|Medium|Low\",\"vulnerability\":\"...\","
      "\"description\":\"...\","
      "\"impact\":\"...\",\"exploitability\":\"...\",\"evidence\":\"...\",\"remediation\":\"...\","
      "\"timeline\":\"...\","
      "\"file_references\":[\"file:line\"]}],\"owasp_assessment\":{\"A01_broken_access_control\":{\"status\":"
      "\"Vulnerable|Secure|Not_Applicable\",\"findings\":[],\"recommendations\":[]},\"A02_cryptographic_"
      "failures\":{},"
      "\"A03_injection\":{},\"A04_insecure_design\":{},\"A05_security_misconfiguration\":{},\"A06_vulnerable_"
      "components\":{},"
      "\"A07_identification_authentication_failures\":{},\"A08_software_data_integrity_failures\":{},"
      "\"A09_security_logging_monitoring_failures\":{},\"A10_server_side_request_forgery\":{}},\"compliance_"
      "assessment\":[{"
      "\"framework\":\"...\",\"status\":\"...\",\"gaps\":[],\"recommendations\":[]}],\"risk_assessment\":{"
      "\"overall_risk_level\":\"...\",\"attack_vectors\":[],\"business_impact\":\"...\"},\"remediation_"
      "roadmap\":[{"
      "\"priority\":\"...\",\"timeline\":\"...\",\"description\":\"...\"}],\"positive_security_findings\":[]}"
      ".");
  tool.expert_task = "Audit the system described above and answer in the JSON form you were given.";
  tool.reply.by_status = json::object({{"security_analysis_complete", audit_form()}});
  tool.guidance.first = {
      {"Map where untrusted data enters: network, files, arguments, other services",
       "Find what is worth stealing or breaking, and who may touch it",
       "Read authentication, sessions and access checks", "List dependencies and how secrets are kept"},
      "Do not call secaudit again yet. Draw the attack surface first and read the code at its gates. Then "
      "call "
      "secaudit with step_number {next}: findings with file and line, each hole in issues_found as "
      "{severity, "
      "description}, the files that matter in relevant_files."};
  tool.guidance.early = {{"Follow each untrusted input to where it is used: queries, paths, commands, markup",
                          "Check that every access decision is made on the server and denies by default",
                          "Look at cryptography, random numbers and stored secrets",
                          "Try the error paths: what do they reveal or skip?"},
                         "Dig deeper before step_number {next}. Take the OWASP categories not looked at yet "
                         "one after another, and prove "
                         "each suspicion by an input that would exploit it, or drop it."};
  tool.guidance.middle = {
      {"Rate each hole by reach, required rights and damage", "Look for the same mistake in sibling code",
       "Check configuration, defaults, logging and rate limits",
       "Hold the code against the compliance rules that apply"},
      "Before step_number {next}, verify: is each hole reachable in the real deployment, and what stands in "
      "the way? "
      "Note what is well defended too; it tells the user where not to spend."};
  tool.guidance.late = {{"Order the holes by risk", "Write the smallest fix for each",
                         "Name what was not audited", "List the files an expert should read"},
                        "Finish: call secaudit with step_number {next} and next_step_required false. "
                        "Confidence certain skips the expert; "
                        "use it only if the whole scope was read."};
  tool.skip = skip_when("certain", {"skipped_due_to_certain_audit_confidence",
                                    "You are certain that the audit is complete, so no expert was asked."});
  tool.count = [](const Step& step, const Findings& findings, json& status) {
    status["vulnerabilities_by_severity"] = findings.issues_by("severity");
    status["audit_confidence"] = step.confidence;
  };
  return tool;
}

}  // namespace

using SecurityAudit = Tool<make>;
TOOLPOST_PLUGIN(SecurityAudit)
