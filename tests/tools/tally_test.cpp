#include "tally.hpp"

#include "catch.hpp"

using consensus::tally;
using toolpost::json;

namespace {

json panel(std::initializer_list<const char*> positions) {
  json opinions = json::array();
  for (const std::string position : positions) {
    if (position == "dead") {
      opinions.push_back({{"status", "error"}, {"error", "gone"}});
    } else {
      opinions.push_back({{"status", "success"}, {"position", position}});
    }
  }
  return opinions;
}

}  // namespace

TEST_CASE("tally: the score is agreement times the share that answered", "[tools]") {
  struct Row {
    json opinions;
    double score;
    std::string label;
  };
  for (const Row& row :
       {Row{panel({"support", "support", "support"}), 1.0, "high"},
        Row{panel({"oppose", "oppose", "support"}), 2.0 / 3, "medium"},
        Row{panel({"support", "oppose", "depends"}), 1.0 / 3, "low"},
        Row{panel({"support", "support", "dead"}), 2.0 / 3, "medium"},
        Row{panel({"support", "support", "support", "support", "dead"}), 0.8, "high"},
        Row{panel({"support", "dead"}), 0.25, "low"}, Row{panel({"support"}), 0.5, "medium"},
        Row{panel({"unclear", "unclear"}), 0.0, "low"}, Row{panel({"dead", "dead"}), 0.0, "none"}}) {
    const auto result = tally(row.opinions, consensus::usual_quorum(row.opinions.size()));
    CAPTURE(row.opinions.dump());
    CHECK(result.score == Approx(row.score));
    CHECK(std::string(result.label()) == row.label);
  }
}

TEST_CASE("tally: below the quorum the confidence is low, however well the few agree", "[tools]") {
  CHECK(std::string(tally(panel({"support", "support", "support", "support", "dead"}), 5).label()) == "low");
  CHECK(std::string(tally(panel({"support", "support", "support", "support", "dead"}), 4).label()) == "high");
}

TEST_CASE("tally: half of the models, rounded up, are a quorum", "[tools]") {
  CHECK(consensus::usual_quorum(0) == 1);
  CHECK(consensus::usual_quorum(1) == 1);
  CHECK(consensus::usual_quorum(2) == 1);
  CHECK(consensus::usual_quorum(3) == 2);
  CHECK(consensus::usual_quorum(16) == 8);
}
